/**
 * A kernel of 328 bytes for finding out whether an accelerator really runs guests: some hosts have a /dev/kvm that
 * answers every question and then cannot execute a stock kernel. It is a multiboot image that sets up page tables,
 * enters long mode, takes a thousand breakpoints through an interrupt gate and back with a CPUID (an exit) after each,
 * counts them, prints `BRUME-PROBE-OK` on the first serial port and ends QEMU through isa-debug-exit.
 *
 * Source (GNU as, then `ld -m elf_x86_64 -Ttext=0 --oformat binary`):
 *   .code32
 *   .org 0
 *   .long 0x1BADB002, 0x00010000, -(0x1BADB002+0x00010000), 0x100000, 0x100000, 0, 0, 0x100020
 *   start:
 *    cli
 *    movl $0x201003, 0x200000
 *    movl $0x202003, 0x201000
 *    movl $0x83, 0x202000
 *    movl $0x200083, 0x202008
 *    movl $0x200000, %eax
 *    movl %eax, %cr3
 *    movl %cr4, %eax
 *    orl $0x20, %eax
 *    movl %eax, %cr4
 *    movl $0xC0000080, %ecx
 *    rdmsr
 *    orl $0x100, %eax
 *    wrmsr
 *    movl %cr0, %eax
 *    orl $0x80000000, %eax
 *    movl %eax, %cr0
 *    lgdt 0x100000 + gdtr
 *    ljmp $8, $(0x100000 + long)
 *   .code64
 *   long:
 *    movl $0x10, %eax
 *    movl %eax, %ds
 *    movl %eax, %es
 *    movl %eax, %ss
 *    movl $0x208000, %esp
 *    # a breakpoint through an interrupt gate and back, a thousand times, with CPUID (an exit under KVM) between
 *    movl $(0x100000 + handler), %eax
 *    movw %ax, 0x203030
 *    movw $8, 0x203032
 *    movw $0x8e00, 0x203034
 *    shrl $16, %eax
 *    movw %ax, 0x203036
 *    lidt 0x100000 + idtr
 *    movl $1000, %ebp
 *   loop:
 *    int3
 *    xorl %eax, %eax
 *    cpuid
 *    decl %ebp
 *    jnz loop
 *    cmpl $1000, 0x204000
 *    jne fail
 *    movl $(0x100000 + text), %esi
 *    movl $(textend - text), %ecx
 *   next:
 *    movl $0x3fd, %edx
 *   wait:
 *    inb %dx, %al
 *    testb $0x20, %al
 *    jz wait
 *    movl $0x3f8, %edx
 *    lodsb
 *    outb %al, %dx
 *    decl %ecx
 *    jnz next
 *   fail:
 *    movl $0xf4, %edx
 *    outb %al, %dx
 *    cli
 *    hlt
 *   handler:
 *    incl 0x204000
 *    iretq
 *   text: .ascii "BRUME-PROBE-OK\n"
 *   textend:
 *   .balign 8
 *   gdt: .quad 0, 0x00209a0000000000, 0x0000920000000000
 *   gdtr: .word 23
 *    .long 0x100000 + gdt
 *   idtr: .word 63
 *    .quad 0x203000
 */
const ASSEMBLED =
  'ArCtGwAAAQD+T1HkAAAQAAAAEAAAAAAAAAAAACAAEAD6xwUAACAAAxAgAMcFABAgAAMgIADHBQAgIACDAAAAxwUI' +
  'ICAAgwAgALgAACAADyLYDyDgg8ggDyLguYAAAMAPMg0AAQAADzAPIMANAAAAgA8iwA8BFTgBEADqgQAQAAgAuBAA' +
  'AACO2I7AjtC8AIAgALgHARAAZokEJTAwIABmxwQlMjAgAAgAZscEJTQwIAAAjsHoEGaJBCU2MCAADwEcJT4BEAC9' +
  '6AMAAMwxwA+i/81194E8JQBAIADoAwAAdR++EAEQALkPAAAAuv0DAADsqCB0+7r4AwAArO7/yXXruvQAAADu+vT/' +
  'BCUAQCAASM9CUlVNRS1QUk9CRS1PSwqQAAAAAAAAAAAAAAAAAJogAAAAAAAAkgAAFwAgARAAPwAAMCAAAAAAAA=='

/** What the payload prints when all went well. */
export const PROBE_WORDS = 'BRUME-PROBE-OK'

export function probePayload(): Uint8Array {
  return Buffer.from(ASSEMBLED, 'base64')
}

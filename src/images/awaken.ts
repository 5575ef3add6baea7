/**
 * `awaken ENTROPY SECONDS NANOSECONDS`: the first program that runs in a copy of a frozen machine, 347 bytes of it.
 * Credits ENTROPY (hexadecimal digits, four bits each) to the kernel's pool, makes the kernel's generator start anew
 * from it at once, and sets the wall clock. No shell can do the second: what is written to /dev/urandom counts only at
 * the next reseed, up to a minute later, and until then copies would draw the same numbers (random(4); Linux
 * drivers/char/random.c). Debian's cloud kernel has no driver for QEMU's vmgenid, which would do it otherwise.
 * Status 0: done; 1: the kernel refused; 2: wrong arguments.
 *
 * Source (GNU as, then `ld -n -static -s -z noseparate-code --build-id=none`, without its section table):
 *   _start:
 *    cmpq $4, (%rsp)
 *    jne usage
 *    movq 16(%rsp), %r12
 *    # struct rand_pool_info: entropy_count in bits, buf_size in bytes, buf
 *    leaq pool(%rip), %rbx
 *    xorl %ecx, %ecx
 *   copy:
 *    movb (%r12,%rcx), %al
 *    testb %al, %al
 *    jz copied
 *    movb %al, 8(%rbx,%rcx)
 *    incl %ecx
 *    cmpl $512, %ecx
 *    jb copy
 *   copied:
 *    movl %ecx, 4(%rbx)
 *    shll $2, %ecx
 *    movl %ecx, (%rbx)
 *    # open("/dev/urandom", O_WRONLY)
 *    movl $2, %eax
 *    leaq path(%rip), %rdi
 *    movl $1, %esi
 *    syscall
 *    movl %eax, %edi
 *    testl %eax, %eax
 *    js failed
 *    movl %eax, %r13d
 *    # ioctl(fd, RNDADDENTROPY, &pool)
 *    movl $16, %eax
 *    movl $0x40085203, %esi
 *    movq %rbx, %rdx
 *    syscall
 *    testl %eax, %eax
 *    js failed
 *    # ioctl(fd, RNDRESEEDCRNG)
 *    movl $16, %eax
 *    movl %r13d, %edi
 *    movl $0x5207, %esi
 *    xorl %edx, %edx
 *    syscall
 *    testl %eax, %eax
 *    js failed
 *    # clock_settime(CLOCK_REALTIME, {SECONDS, NANOSECONDS})
 *    movq 24(%rsp), %rsi
 *    call number
 *    movq %rax, (%rbx)
 *    movq 32(%rsp), %rsi
 *    call number
 *    movq %rax, 8(%rbx)
 *    movl $227, %eax
 *    xorl %edi, %edi
 *    movq %rbx, %rsi
 *    syscall
 *    testl %eax, %eax
 *    js failed
 *    xorl %edi, %edi
 *    jmp exit
 *   number:
 *    xorl %eax, %eax
 *    xorl %edx, %edx
 *   digit:
 *    movb (%rsi), %dl
 *    testb %dl, %dl
 *    jz parsed
 *    imulq $10, %rax, %rax
 *    leaq -48(%rax,%rdx), %rax
 *    incq %rsi
 *    jmp digit
 *   parsed:
 *    ret
 *   usage:
 *    movl $2, %edi
 *    jmp exit
 *   failed:
 *    movl $1, %edi
 *   exit:
 *    movl $60, %eax
 *    syscall
 *   path: .asciz "/dev/urandom"
 *   .lcomm pool, 528
 */
const ASSEMBLED =
  'f0VMRgIBAQAAAAAAAAAAAAIAPgABAAAAeABAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAEAAOAABAAAAAAAAAAEAAAAHAAAAeAAA' +
  'AAAAAAB4AEAAAAAAAHgAQAAAAAAA4wAAAAAAAAD4EgAAAAAAAAgAAAAAAAAASIM8JAQPhbgAAABMi2QkEEiNHdEQAAAxyUGKBAyE' +
  'wHQOiEQLCP/BgfkAAgAAcuqJSwTB4QKJC7gCAAAASI09kwAAAL4BAAAADwWJx4XAeHpBicW4EAAAAL4DUghASInaDwWFwHhkuBAA' +
  'AABEie++B1IAADHSDwWFwHhPSIt0JBjoJQAAAEiJA0iLdCQg6BgAAABIiUMIuOMAAAAx/0iJ3g8FhcB4JDH/6yUxwDHSihaE0nQO' +
  'SGvACkiNRBDQSP/G6+zDvwIAAADrBb8BAAAAuDwAAAAPBS9kZXYvdXJhbmRvbQA='

/** Where both of our images have it. */
export const AWAKEN_PATH = 'usr/libexec/brume/awaken'

export function awakenProgram(): Buffer {
  return Buffer.from(ASSEMBLED, 'base64')
}

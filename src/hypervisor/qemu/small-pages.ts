/**
 * A copy's QEMU without huge pages. It asks for them for two areas of which it uses a few KiB (the screen's memory, the
 * ACPI tables): 4 MiB of each machine. A copy's own memory is mapped from a file, which has none anyway.
 */
import { access } from 'node:fs/promises'
import type { VmSpec } from '../../domain/machine.ts'

/** prctl(PR_SET_THP_DISABLE) on x86-64, then the program in its own place: it outlives the exec. */
const PROGRAM = 'syscall 157, 41, 1, 0, 0, 0; exec { $ARGV[0] } @ARGV; exit 127'
/** In every Debian: `perl-base`. */
const PERL = '/usr/bin/perl'

/** Whether a process can be started so. */
export async function hasSmallPages(): Promise<boolean> {
  if (process.arch !== 'x64') return false
  return access(PERL).then(
    () => true,
    () => false,
  )
}

/** What comes before the program; nothing when memory was plugged in, which wants its huge pages. */
export function smallPagesWords({ memory, memoryMiB }: VmSpec): string[] {
  const isAsFrozen = memory?.mode === 'frozen' && memory.shape.memoryMiB === memoryMiB
  return isAsFrozen ? [PERL, '-e', PROGRAM] : []
}

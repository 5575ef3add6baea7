/**
 * `qemu-img` with limits: an image is somebody's input, and parsers of image formats have had holes. Memory and CPU
 * are bounded by the kernel, time and output by `exec`.
 */
import { exec, type ExecResult } from '../lib/exec.ts'

/** Enough for the tables of a 64 TiB image. */
const MEMORY_BYTES_MAX = 1024 * 1024 * 1024
const CPU_SECONDS_MAX = 60
/** Each further arena of malloc, one a thread, reserves 128 MiB of these addresses before it holds a byte. */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' }

export interface QemuImgOptions {
  timeoutMs?: number
  /** Of processor time, for what copies much. */
  cpuSecondsMax?: number
  signal?: AbortSignal
  outputBytesMax?: number
  onLine?: (line: string) => void
}

export function qemuImg(
  args: readonly string[],
  { timeoutMs = 60_000, cpuSecondsMax = CPU_SECONDS_MAX, ...options }: QemuImgOptions = {},
): Promise<ExecResult> {
  const limits = [`--as=${MEMORY_BYTES_MAX}`, `--cpu=${cpuSecondsMax}`]
  return exec('prlimit', [...limits, '--', 'qemu-img', ...args], {
    timeoutMs,
    outputBytesMax: 1024 * 1024,
    env: { ...process.env, ...ONE_ARENA },
    ...options,
  })
}

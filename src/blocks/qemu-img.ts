/**
 * `qemu-img` with limits: an image is somebody's input, and parsers of image formats have had holes. Memory and CPU
 * are bounded by the kernel, time and output by `exec`.
 */
import { exec, type ExecResult } from '../lib/exec.ts'

/** Enough for the tables of a 64 TiB image. */
const MEMORY_BYTES_MAX = 1024 * 1024 * 1024
const CPU_SECONDS_MAX = 60

export function qemuImg(args: readonly string[], timeoutMs = 60_000): Promise<ExecResult> {
  const limits = [`--as=${MEMORY_BYTES_MAX}`, `--cpu=${CPU_SECONDS_MAX}`]
  return exec('prlimit', [...limits, '--', 'qemu-img', ...args], {
    timeoutMs,
    outputBytesMax: 1024 * 1024,
  })
}

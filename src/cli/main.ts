/**
 * Entry of the command line. Two jobs only: start quickly (compiled code is cached, a verb's code is loaded when it
 * is asked for) and end honestly (exit codes as in docs/cli.md, errors that say what to do).
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/brume'))

// A reader that has seen enough ('| head') ends a program quietly, and with the code the shell gives a SIGPIPE.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(141)
  })
}

const { runProgram } = await import('./program.ts')
process.exitCode = await runProgram(process.argv.slice(2))

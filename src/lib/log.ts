/** Structured logs (JSON lines, pino) with secrets redacted by name. Libraries take a `Log`, never a global. */
import { pino } from 'pino'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

const SECRET_FIELDS = [
  'secretAccessKey',
  'privateKey',
  'password',
  'userData',
  'token',
  'authorization',
]

/** Characters that are kept for when there is room again. */
const UNWRITTEN_MAX = 1024 * 1024

export function createLog(options: { path?: string; level?: string } = {}): Log {
  const { path: dest = 2 } = options
  const destination = pino.destination({ dest, sync: true, mkdir: true, maxLength: UNWRITTEN_MAX })
  // A disk that is full costs lines of the log, never the process.
  destination.on('error', () => {})
  return pino(
    {
      level: options.level ?? 'info',
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
        censor: '[secret]',
      },
    },
    destination,
  )
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
}

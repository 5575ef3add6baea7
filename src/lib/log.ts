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

export function createLog(options: { path?: string; level?: string } = {}): Log {
  const destination = pino.destination({ dest: options.path ?? 2, sync: true, mkdir: true })
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

/** A folder of short names for sockets and links, by who we are. */
import { tmpdir } from 'node:os'

/**
 * Where names go that have to be short and that nobody else may take first: `/run` as root, the session's folder
 * otherwise. Without a session it is everybody's temporary folder: whoever makes something there looks whose it is.
 */
export function runtimeFolder(): string {
  return process.getuid?.() === 0 ? '/run' : (process.env['XDG_RUNTIME_DIR'] ?? tmpdir())
}

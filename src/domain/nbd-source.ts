/**
 * A disk beneath a volume that is no file but comes over NBD: a recovery point, while a volume that began as it is
 * filled. Named by a URL where others have a path, so that whoever does not know it opens nothing rather than zeros.
 */

export interface NbdSource {
  socket: string
  exportName: string
}

const PREFIX = 'nbd+unix:///'

export function nbdUrl({ socket, exportName }: NbdSource): string {
  return `${PREFIX}${encodeURIComponent(exportName)}?socket=${encodeURIComponent(socket)}`
}

/** Null: it is a path like any other. */
export function nbdSourceOf(path: string): NbdSource | null {
  if (!path.startsWith(PREFIX)) return null
  const [name = '', query = ''] = path.slice(PREFIX.length).split('?socket=')
  return { exportName: decodeURIComponent(name), socket: decodeURIComponent(query) }
}

/** What `tiny` believes of the metadata service: that there is no document only when the service says so. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exec } from '../../../src/lib/exec.ts'

const IMDS = join(import.meta.dirname, '../../../src/images/tiny/rootfs/usr/libexec/brume/imds')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-imds-'))
})
afterEach(() => rm(folder, { recursive: true }))

test.each([
  ['a document', 'echo the-key', 'the-key, 0, 0'],
  [
    'that there is none',
    'echo "wget: server returned error: HTTP/1.1 404 Not Found" >&2; exit 1',
    ', 1, 0',
  ],
  ['nothing in time', 'kill -TERM $$', ', 2, 1'],
  [
    'that it has trouble',
    'echo "wget: server returned error: HTTP/1.1 503 Busy" >&2; exit 1',
    ', 2, 1',
  ],
])('the service says %s', async (_what, wget, expected) => {
  await writeFile(join(folder, 'timeout'), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 })
  await writeFile(join(folder, 'wget'), `#!/bin/sh\n${wget}\n`, { mode: 0o755 })
  const script = `. ${IMDS}
key=$(imds_get x); got=$?
imds_maybe x >/dev/null
echo "$key, $got, $?"`
  const { stdout } = await exec('sh', ['-c', script], {
    env: { PATH: `${folder}:/usr/bin:/bin` },
  })
  expect(stdout.trim()).toBe(expected)
})

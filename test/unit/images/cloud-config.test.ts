/** The guest's reader of #cloud-config, run by the awk that the guest has (busybox), or any other. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exec } from '../../../src/lib/exec.ts'

const SCRIPT = join(
  import.meta.dirname,
  '../../../src/images/tiny/rootfs/usr/libexec/brume/yaml.awk',
)

async function flatten(text: string): Promise<string[]> {
  const run = (command: string, args: string[]) =>
    exec(command, [...args, '-f', SCRIPT], { input: text })
  const result = await run('busybox', ['awk']).catch((error: { reason?: string }) => {
    if (error.reason === 'missing') return run('awk', [])
    throw error
  })
  return result.stdout.split('\n').filter(Boolean)
}

describe('yaml.awk', () => {
  it('reads users', async () => {
    const text = `#cloud-config
users:
  - default
  - name: alice   # the boss
    groups: sudo, docker
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    ssh_authorized_keys:
      - ssh-ed25519 AAAA alice@x
  -
    name: bob
`
    expect(await flatten(text)).toEqual([
      'users.0\tdefault',
      'users.1.name\talice',
      'users.1.groups\tsudo, docker',
      'users.1.sudo.0\tALL=(ALL) NOPASSWD:ALL',
      'users.1.ssh_authorized_keys.0\tssh-ed25519 AAAA alice@x',
      'users.2.name\tbob',
    ])
  })

  it('keeps blocks as they are written', async () => {
    const text = `write_files:
- path: /a
  permissions: '0640'
  content: |
    one
      two: "x"

    # not a comment
- {path: /b, content: "tab\\there\\n", encoding: b64}
- path: /c
  content: >-
    folded
    text
`
    expect(await flatten(text)).toEqual([
      'write_files.0.path\t/a',
      'write_files.0.permissions\t0640',
      'write_files.0.content\tone\\n  two: "x"\\n\\n# not a comment\\n',
      'write_files.1.path\t/b',
      'write_files.1.content\ttab\\there\\n',
      'write_files.1.encoding\tb64',
      'write_files.2.path\t/c',
      'write_files.2.content\tfolded text',
    ])
  })

  it('reads commands as strings, lists, blocks and long lines', async () => {
    const text = `runcmd:
  - echo hello > /tmp/x
  - [ls, "a b", 'it''s', http://x.y:80/z]
  - - touch
    - /tmp/y
  - |
    if true; then
      echo multi
    fi
  - echo long
    line
`
    expect(await flatten(text)).toEqual([
      'runcmd.0\techo hello > /tmp/x',
      'runcmd.1.0\tls',
      'runcmd.1.1\ta b',
      "runcmd.1.2\tit's",
      'runcmd.1.3\thttp://x.y:80/z',
      'runcmd.2.0\ttouch',
      'runcmd.2.1\t/tmp/y',
      'runcmd.3\tif true; then\\n  echo multi\\nfi\\n',
      'runcmd.4\techo long line',
    ])
  })

  it('reads a file with CRLF, a document start, and nothing at all', async () => {
    expect(await flatten('#cloud-config\r\n---\r\nhostname: web\r\n')).toEqual(['hostname\tweb'])
    expect(await flatten('#cloud-config\n')).toEqual([])
  })

  it.each([
    ['an anchor', 'a: &x 1\n'],
    ['a tag', 'a: !!binary xx\n'],
    ['a tab as indentation', 'a:\n\t- x\n'],
    ['brackets that do not end', 'a: [1, 2\n'],
    ['a quote that does not end', 'a: "x\n'],
    ['an odd indentation', 'a: 1\n  b: 2\n'.replace('a: 1', 'a: "1"')],
  ])('refuses %s instead of guessing', async (_, text) => {
    await expect(flatten(text)).rejects.toMatchObject({ exitCode: 2 })
  })
})

/** What a user may write as the host of a hypervisor, and what becomes of it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressParse } from '../../../src/domain/hypervisor-address.ts'

const uriOf = (host: string, username: string | null = null, password: string | null = null) => {
  const address = addressParse(host, username, password)
  return address.type === 'libvirt' ? address.connection.uri : address.type
}

test('names, addresses and URIs', () => {
  expect(uriOf('brume')).toBe('own')
  expect(uriOf('BRUME')).toBe('own')
  expect(uriOf('kvm.example')).toBe('qemu+ssh://root@kvm.example/system')
  expect(uriOf('kvm.example', 'backup')).toBe('qemu+ssh://backup@kvm.example/system')
  expect(uriOf('192.0.2.7')).toBe('qemu+ssh://root@192.0.2.7/system')
  expect(uriOf('2001:db8::7')).toBe('qemu+ssh://root@[2001:db8::7]/system')
  expect(uriOf('qemu:///system')).toBe('qemu:///system')
  expect(uriOf('qemu+unix:///session')).toBe('qemu:///session')
  expect(uriOf('qemu+ssh://me@kvm.example:2222/system')).toBe(
    'qemu+ssh://me@kvm.example:2222/system',
  )
  expect(uriOf('qemu://kvm.example/system')).toBe('qemu+tls://kvm.example/system')
  expect(uriOf('xen+tls://xen.example/')).toBe('xen+tls://xen.example/')
})

test('credentials go where they are of use, and are refused elsewhere', () => {
  const address = addressParse('qemu+tls://kvm.example/system', 'me', 'secret')
  expect(address).toMatchObject({ connection: { username: 'me', password: 'secret' } })
  expect(uriOf('qemu+tls://kvm.example/system', 'me', 'secret')).not.toContain('me')
  expect(uriOf('qemu:///system', 'me')).toBe('malformed')
  expect(uriOf('kvm.example', 'me', 'secret')).toBe('malformed')
  expect(uriOf('brume', 'me')).toBe('malformed')
})

test.each([
  'qemu+ext:///system',
  'qemu+ssh://kvm.example/system?command=/bin/sh',
  'qemu+ssh://kvm.example/system?keyfile=/etc/shadow',
  'qemu+unix:///system?socket=/tmp/x',
  'qemu+ssh://-oProxyCommand=id/system',
  'qemu+ssh://a b/system',
  'qemu+ssh:///system',
  'qemu:///etc',
  'qemu+ssh://kvm.example:99999/system',
  'qemu+ssh://-x@kvm.example/system',
  'file:///etc/passwd',
  '-oProxyCommand=id',
  'a;b',
  'a\nb',
])('%s is refused', (host) => expect(uriOf(host)).toBe('malformed'))

test('whatever is written, a URI has no parameter, no space and no option', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 3, maxLength: 128, unit: 'grapheme-ascii' }), (host) => {
      const uri = uriOf(host)
      expect(uri).toMatch(
        /^(own|malformed|[a-z]+(\+[a-z]+)?:\/\/([A-Za-z0-9_@.:[\]][^-\s?#]*[^\s?#]*)?\/[a-z]*)$/,
      )
      expect(uri).not.toMatch(/[\s?#;'"$`]|\/\/-|@-/)
    }),
  )
})

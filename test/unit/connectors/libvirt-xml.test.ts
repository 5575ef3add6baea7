/** Domains of libvirt as they are read, and as restored ones are written. */
import { expect, test } from 'vitest'
import {
  backupXml,
  checkpointXml,
  type BackupPlan,
} from '../../../src/connectors/libvirt/checkpoints.ts'
import { domainParse, domainsSplit } from '../../../src/connectors/libvirt/domain.ts'
import { restoredXml, uuidOf } from '../../../src/connectors/libvirt/restored-xml.ts'

const UUID = 'd2215803-998e-4c2d-93fc-ed030ec6f8fa'
const DOMAIN = `<domain type='kvm' id='3'>
  <name>web &amp; db</name>
  <uuid>${UUID}</uuid>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
      <libosinfo:os id="http://debian.org/debian/12"/>
    </libosinfo:libosinfo>
    <brume:tags xmlns:brume="urn:brume:tags"><tag category="env" name="prod" description="live"/></brume:tags>
    <other:tags xmlns:other="urn:other"><tag category="no" name="no"/></other:tags>
  </metadata>
  <os><type arch='x86_64'>hvm</type><nvram>/var/lib/libvirt/qemu/nvram/web.fd</nvram></os>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
      <source file='/a b/one.qcow2'/><backingStore/><target dev='vda' bus='virtio'/></disk>
    <disk type='block' device='disk'><driver name='qemu' type='raw'/>
      <source dev='/dev/vg/two'/><target dev='vdb' bus='virtio'/></disk>
    <disk type='file' device='disk'><source file='/seed.iso'/><target dev='vdc'/><readonly/></disk>
    <disk type='file' device='cdrom'><source file='/cd.iso'/><target dev='sda' bus='sata'/></disk>
    <serial type='file'><source path='/var/log/web.log'/><target port='0'/></serial>
    <interface type='bridge'><mac address='52:54:00:aa:bb:cc'/><source bridge='br0'/></interface>
    <channel type='unix'><source mode='bind' path='/x'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
  </devices>
</domain>`

test('a domain is read: disks, what is left out, words, agent', () => {
  const domain = domainParse(DOMAIN)
  expect(domain).toMatchObject({ uuid: UUID, name: 'web & db', runningId: 3, hasAgent: true })
  expect(domain.disks).toEqual([
    { target: 'vda', format: 'qcow2', source: { type: 'file', path: '/a b/one.qcow2' } },
    { target: 'vdb', format: 'raw', source: { type: 'block', path: '/dev/vg/two' } },
  ])
  expect(domain.skipped).toEqual(['vdc is read-only'])
  expect(domain.words).toEqual([
    { category: 'os', name: 'http://debian.org/debian/12', description: null },
    { category: 'env', name: 'prod', description: 'live' },
  ])
  expect(() => domainParse('<network/>')).toThrow(/a domain was expected/)
  expect(domainsSplit(`${DOMAIN}\n\n${DOMAIN}\n`)).toHaveLength(2)
})

test('what a hypervisor tells that means harm is refused, before it costs anything', () => {
  const at = performance.now()
  const withDisk = (source: string, target = 'vda') =>
    `<domain><name>n</name><uuid>${UUID}</uuid><devices><disk type='file' device='disk'>
      <source file='${source}'/><target dev='${target}'/></disk></devices></domain>`
  for (const [text, reason] of [
    [`<domain><name>${'x'.repeat(2 ** 20)}</name></domain>`, /larger than definitions/],
    [`<domain>${'<a/>'.repeat(60_000)}</domain>`, /larger than definitions/],
    [`${'<domain>'.repeat(2_000)}`, /nested/i],
    [`<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">]><domain><name>&a;</name></domain>`, /document type/],
    [`<domain><name>${'x'.repeat(256)}</name><uuid>${UUID}</uuid></domain>`, /name that is none/],
  ] as const) {
    expect(() => domainParse(text)).toThrow(reason)
  }
  const { disks, skipped } = domainParse(withDisk(`/${'d'.repeat(5_000)}`))
  expect([disks, skipped]).toEqual([[], ['vda has a path that is none']])
  const odd = domainParse(withDisk('/a', 'v'.repeat(40)))
  expect(odd.skipped).toEqual([`${'v'.repeat(16)} has a name that is none`])
  // Beginnings without ends: each would be looked for to the end of the text.
  expect(domainsSplit('<domain >\n'.repeat(400_000))).toEqual([])
  expect(domainsSplit(`<domain >\n<domain>\n</domain>\n${DOMAIN}`)).toHaveLength(2)
  expect(performance.now() - at).toBeLessThan(10_000)
})

test('a restored one is the same machine with other disks, and nothing that would clash', () => {
  const uuid = uuidOf('job-1')
  expect(uuid).toBe(uuidOf('job-1'))
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const xml = restoredXml(DOMAIN, {
    name: 'web <again>',
    uuid,
    disks: [{ target: 'vda', path: '/pool/x.qcow2' }],
  })
  const domain = domainParse(xml)
  expect(domain).toMatchObject({ uuid, name: 'web <again>', runningId: null })
  expect(domain.disks).toEqual([
    { target: 'vda', format: 'qcow2', source: { type: 'file', path: '/pool/x.qcow2' } },
  ])
  for (const gone of [
    '52:54:00:aa:bb:cc',
    '/dev/vg/two',
    '/cd.iso',
    'nvram/web.fd',
    '"/x"',
    'web.log',
  ]) {
    expect(xml).not.toContain(gone)
  }
  expect(xml).toContain('bridge="br0"')
  expect(xml).toContain('<serial type="pty">')
  expect(domain.words).toHaveLength(2)
})

test('a kernel of the host comes along where machines of the new host have it, and as nothing else', () => {
  const booted = DOMAIN.replace(
    /<os>.*?<\/os>/s,
    `<os><type>hvm</type><kernel> /boot/k </kernel><initrd>/boot/i</initrd><cmdline>quiet</cmdline></os>`,
  )
  expect(booted).toContain('/boot/k')
  const made = (...keys: string[]): string =>
    restoredXml(booted, { name: 'a', uuid: UUID, disks: [], bootFiles: new Set(keys) })
  const whole = made('kernel /boot/k', 'initrd /boot/i')
  for (const kept of ['/boot/k', '/boot/i', 'quiet']) expect(whole).toContain(kept)
  const bare = made('kernel /boot/k', 'kernel /boot/i')
  expect(bare).toContain('/boot/k')
  expect(bare).not.toContain('/boot/i')
  const none = made('initrd /boot/k', 'initrd /boot/i')
  for (const gone of ['/boot/k', '/boot/i', 'quiet']) expect(none).not.toContain(gone)
})

test('a hostile definition brings no program, file, device or socket of the host to it', () => {
  const hostile = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
    <name>web</name><uuid>${UUID}</uuid>
    <bootloader>/tmp/evil-boot</bootloader>
    <os firmware='efi'><type arch='x86_64'>hvm</type><loader readonly='yes'>/etc/evil-loader</loader>
      <kernel>/etc/evil-kernel</kernel><initrd>/etc/evil-initrd</initrd><boot dev='hd'/>
      <acpi><table type='slic'>/etc/evil-slic</table></acpi></os>
    <sysinfo type='fwcfg'><entry name='opt/x' file='/etc/evil-fwcfg'/></sysinfo>
    <seclabel type='none' model='evil-label'/>
    <qemu:commandline><qemu:arg value='evil-argument'/></qemu:commandline>
    <devices>
      <emulator>/tmp/evil-emulator</emulator>
      <disk type='file' device='disk' rawio='yes'><source file='/evil-disk'/><target dev='vda'/></disk>
      <filesystem type='mount'><source dir='/evil-folder'/><target dir='x'/></filesystem>
      <hostdev mode='subsystem' type='pci'><source evil='1'/></hostdev>
      <interface type='ethernet'><script path='/tmp/evil-script'/></interface>
      <interface type='network'><source network='default'/><script path='/tmp/evil-script'/>
        <target dev='evil0'/><model type='virtio'/></interface>
      <channel type='file'><source path='/root/.ssh/evil-keys'/><target type='virtio' name='a'/></channel>
      <channel type='unix'><log file='/evil-log'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
      <graphics type='vnc' socket='/evil-vnc'><listen type='socket' socket='/evil-vnc'/></graphics>
      <input type='evdev'><source dev='/dev/evil-input'/></input>
      <video><model type='virtio'><acceleration accel3d='yes' rendernode='/dev/evil-gpu'/></model></video>
      <rng model='virtio'><backend model='random'>/dev/evil-random</backend></rng>
      <tpm model='tpm-crb'><backend type='emulator' version='2.0'><source type='dir' path='/evil-tpm'/></backend></tpm>
      <tpm model='tpm-crb'><backend type='passthrough'><device path='/dev/evil-tpm0'/></backend></tpm>
      <memory model='nvdimm'><source><path>/evil-memory</path></source></memory>
      <audio id='1' type='file' path='/evil-audio'/>
      <shmem name='evil-memory'/><smartcard mode='host'/><redirdev bus='usb' type='tcp'/>
      <panic model='isa'/>
    </devices>
  </domain>`
  const xml = restoredXml(hostile, {
    name: 'again',
    uuid: uuidOf('job-1'),
    disks: [{ target: 'vda', path: '/pool/x.qcow2' }],
  })
  for (const gone of ['evil', 'hostdev', 'rawio', 'passthrough', 'nvdimm', 'smartcard', 'tcp']) {
    expect(xml).not.toContain(gone)
  }
  for (const kept of [
    'firmware="efi"',
    '<boot dev="hd"',
    'file="/pool/x.qcow2"',
    'network="default"',
    '<model type="virtio"',
    'org.qemu.guest_agent.0',
    '<graphics type="vnc"',
    '/dev/urandom',
    '<backend type="emulator" version="2.0"/>',
    '<panic model="isa"/>',
  ]) {
    expect(xml).toContain(kept)
  }
})

test('the documents that begin a backup', () => {
  const { disks } = domainParse(DOMAIN)
  const plan: BackupPlan = {
    server: { type: 'unix', socket: '/run/s&s.sock' },
    checkpoint: 'brume-a-b-p1',
    disks: [
      { disk: disks[0]!, scratch: '/a b/s', since: 'brume-a-b-p0' },
      { disk: disks[1]!, scratch: '/var/tmp/s', since: null },
    ],
  }
  expect(backupXml(plan)).toMatchInlineSnapshot(`
    "
    <domainbackup mode="pull">
      <server transport="unix" socket="/run/s&amp;s.sock"/>
      <disks>
        <disk name="vda" backup="yes" type="file" backupmode="incremental" incremental="brume-a-b-p0" exportbitmap="backup-vda">
          <scratch file="/a b/s"/>
        </disk>
        <disk name="vdb" backup="yes" type="file" backupmode="full">
          <scratch file="/var/tmp/s"/>
        </disk>
      </disks>
    </domainbackup>"
  `)
  const server = { type: 'tls', address: '192.0.2.7', port: 10_810 } as const
  expect(backupXml({ ...plan, server })).toContain(
    '<server transport="tcp" tls="yes" name="192.0.2.7" port="10810"/>',
  )
  expect(checkpointXml(plan)).toMatchInlineSnapshot(`
    "
    <domaincheckpoint>
      <name>brume-a-b-p1</name>
      <disks>
        <disk name="vda" checkpoint="bitmap"/>
        <disk name="vdb" checkpoint="no"/>
      </disks>
    </domaincheckpoint>"
  `)
})

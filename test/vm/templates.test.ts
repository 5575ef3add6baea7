/**
 * Launching from a template: copies are machines of their own, whole and right whatever their size, and nothing that
 * goes wrong with a template keeps a machine from starting. docs/templates.md.
 */
import { readdir, truncate } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  DescribeFastLaunchImagesCommand,
  GetConsoleOutputCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  type Instance,
} from '@aws-sdk/client-ec2'
import { readJson } from '../../src/lib/fs-durable.ts'
import { eventually } from '../support/eventually.ts'
import {
  BOOTS,
  describe,
  launch,
  reach,
  ssh,
  sshWhenReady,
  terminate,
} from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

/** As many as the issue asks; each costs an emulated processor a second. */
const CLONES = Number(process.env['BRUME_TEST_CLONES'] ?? 50)
const TEMPLATE_TIMEOUT_MS = 120_000
const MINUTE_MS = 60_000

const use = useDaemon({
  flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4', '--standbys', '1'],
})

afterEach(async () => {
  const living = (await describe(use.daemon)).filter((one) => one.State?.Name !== 'terminated')
  await terminate(
    use.daemon,
    living.map((one) => one.InstanceId!),
  )
})

/** What stands by is of the template as it was. */
const NO_STANDBY = {
  TagSpecifications: [
    { ResourceType: 'instance' as const, Tags: [{ Key: 'brume:launch', Value: 'template' }] },
  ],
}

async function templateReady(): Promise<void> {
  await eventually(
    async () => {
      const command = new DescribeFastLaunchImagesCommand({ ImageIds: [use.daemon.imageId] })
      return (await use.daemon.ec2.send(command)).FastLaunchImages?.[0]?.State
    },
    (state) => state === 'enabled',
    TEMPLATE_TIMEOUT_MS,
  )
}

/** Whether the machine began as a copy, by the hypervisor's own record. */
async function isCopy(instanceId: string): Promise<boolean> {
  const path = join(use.daemon.home, 'instances', instanceId, 'state.json')
  return (await readJson<{ isCopy?: boolean }>(path))?.isCopy === true
}

async function launchRunning(input: Parameters<typeof launch>[1] = {}): Promise<Instance> {
  const [made] = await launch(use.daemon, { KeyName: use.key.name, ...input })
  const [running] = await reach(use.daemon, [made!.InstanceId!], 'running')
  return running!
}

/** The random cookie of the server's key exchange: 16 bytes after the banner line and the packet's header. */
function kexCookie(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(22, address)
    let heard = Buffer.alloc(0)
    socket.setTimeout(MINUTE_MS, () => socket.destroy(new Error('no key exchange')))
    socket.on('error', reject)
    socket.on('connect', () => socket.write('SSH-2.0-test\r\n'))
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
      const end = heard.indexOf('\n')
      if (end < 0 || heard.length < end + 1 + 6 + 16) return
      resolve(heard.subarray(end + 7, end + 23).toString('hex'))
      socket.destroy()
    })
  })
}

/** The machine that stands by; after the first launch of a kind it is made. */
async function standbyReady(): Promise<string> {
  await eventually(
    () => use.daemon.host.templates(),
    (all) => all.some((one) => one.standbys?.count === 1),
    TEMPLATE_TIMEOUT_MS,
  )
  const [record] = await readdir(join(use.daemon.home, 'standbys'))
  return record!.replace('.json', '')
}

test('a copy that was stopped boots from its own disk, with its own identity', async () => {
  await templateReady()
  const one = await launchRunning()
  const id = one.InstanceId!
  const keyOf = 'sudo dropbearkey -y -f /etc/dropbear/dropbear_ed25519_host_key | grep ^ssh-'
  const before = await sshWhenReady(use.key, one.PublicIpAddress!, keyOf)
  await ssh(use.key, one.PublicIpAddress!, 'echo kept >note; sync')
  await use.daemon.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
  await reach(use.daemon, [id], 'stopped')
  await use.daemon.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }))
  const [again] = await reach(use.daemon, [id], 'running')
  const address = again!.PublicIpAddress!
  expect(await sshWhenReady(use.key, address, 'cat note')).toBe('kept')
  expect(await isCopy(id)).toBe(false)
  expect(await ssh(use.key, address, keyOf)).toBe(before)
  expect(await ssh(use.key, address, 'cat /sys/class/dmi/id/product_name')).toBe('t2.nano')
})

test('copies share nothing that must be unique, and nothing of the template is left', async () => {
  await templateReady()
  // Since the launches before.
  const ahead = await standbyReady()
  const made = await launch(use.daemon, {
    KeyName: use.key.name,
    MinCount: CLONES,
    MaxCount: CLONES,
  })
  const ids = made.map((one) => one.InstanceId!)
  const running = await reach(use.daemon, ids, 'running', 5 * MINUTE_MS)
  const look = [
    'dropbearkey -y -f /etc/dropbear/dropbear_ed25519_host_key | grep ^ssh- | cut -d" " -f2',
    'cat /proc/sys/kernel/random/uuid',
    'cat /proc/sys/kernel/random/boot_id',
    'head -c 32 /dev/urandom | xxd -p -c 64',
    'cat /sys/class/net/eth0/address',
    'ip -4 -o addr show eth0 | tr -s " " | cut -d" " -f4',
    'hostname',
    'cat /var/lib/brume/instance-id',
    'cat /sys/class/dmi/id/product_uuid',
    'cat /sys/class/dmi/id/board_asset_tag',
    'echo $(($(date +%s)))',
  ]
  const seen: string[][] = []
  const queue = [...running]
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one; one = queue.shift()) {
      const address = one.PublicIpAddress!
      const command = look.map((each) => `sudo sh -c '${each}'`).join('; ')
      const lines = (await sshWhenReady(use.key, address, command)).split('\n')
      const now = Date.now() / 1000
      const [, , , , mac, private4, hostname, instanceId, uuid, asset, time] = lines
      const nic = one.NetworkInterfaces![0]!
      expect(mac).toBe(nic.MacAddress)
      expect(private4).toMatch(new RegExp(`^${one.PrivateIpAddress!.replaceAll('.', '\\.')}/`))
      expect(hostname).toBe(`ip-${one.PrivateIpAddress!.replaceAll('.', '-')}`)
      expect(instanceId).toBe(one.InstanceId)
      expect(asset).toBe(one.InstanceId)
      expect(uuid).toMatch(/^ec2/)
      expect(Math.abs(Number(time) - now), `the clock of ${one.InstanceId}`).toBeLessThan(5)
      seen.push([...lines.slice(0, -1), await kexCookie(address)])
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  expect(seen).toHaveLength(CLONES)
  for (const column of seen[0]!.keys()) {
    expect(new Set(seen.map((row) => row[column])).size, look[column] ?? 'cookie').toBe(CLONES)
  }
  for (const id of ids) expect(await isCopy(id), id).toBe(true)
  // The one that stood by has rehearsed besides.
  const first = running.find((one) => one.InstanceId === ahead)
  const left = await ssh(
    use.key,
    first!.PublicIpAddress!,
    [
      'sudo cat /home/ec2-user/.ssh/authorized_keys | wc -l',
      'sudo sh -c "ls /etc/dropbear; ls /var/log; ls /run/brume | grep -c warm"',
      'dmesg | grep -c "Linux version"',
      'ls /dev/disk/by-id | grep -v part',
      'cat /sys/class/dmi/id/product_name',
      'strings /sys/firmware/dmi/tables/DMI | grep -c template || true',
    ].join('; '),
  )
  const volume = first!.BlockDeviceMappings![0]!.Ebs!.VolumeId!
  expect(left.split('\n')).toEqual([
    '1',
    'dropbear_ed25519_host_key',
    '0',
    '0',
    `virtio-${volume.replace('-', '')}`.slice(0, 'virtio-'.length + 20),
    volume.slice(0, 'vol-'.length + 17),
    't2.nano',
    '0',
  ])
})

test('bigger machines get their size, their disks and their user data before anybody is let in', async () => {
  await templateReady()
  const script = '#!/bin/sh\necho "from user data" >/home/ec2-user/note\n'
  const one = await launchRunning({
    InstanceType: 't3.small',
    UserData: Buffer.from(script).toString('base64'),
    BlockDeviceMappings: [
      { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 3 } },
      { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } },
    ],
  })
  expect(await isCopy(one.InstanceId!)).toBe(true)
  const address = one.PublicIpAddress!
  const facts =
    "nproc; awk '/^MemTotal/ { print $2 }' /proc/meminfo; cat /sys/block/vda/size /sys/block/vdb/size"
  const [processors, memoryKiB, rootSectors, dataSectors] = (
    await sshWhenReady(use.key, address, facts)
  ).split('\n')
  expect(processors).toBe('2')
  expect(Number(memoryKiB)).toBeGreaterThan(1.9 * 1024 * 1024)
  expect(Number(rootSectors)).toBe((3 * 1024 ** 3) / 512)
  expect(Number(dataSectors)).toBe(1024 ** 3 / 512)
  // Its clock is a server's: put wrong, the program that keeps it puts it right at once when it begins anew.
  const wrong =
    "killall clock; date -s '2001-01-01 00:00:00'; /usr/libexec/brume/clock 169.254.169.123 &"
  await ssh(use.key, address, `sudo sh -c "${wrong}" >/dev/null 2>&1`)
  await eventually(
    () => ssh(use.key, address, 'date +%s'),
    (seconds) => Math.abs(Number(seconds) - Date.now() / 1000) < 5,
    MINUTE_MS,
  )
  await eventually(
    () => ssh(use.key, address, 'cat note; df -k / | tail -n 1').catch(() => ''),
    (text) => text.startsWith('from user data') && Number(text.split(/\s+/)[4]) > 2.5 * 1024 ** 2,
    MINUTE_MS,
  )
})

test('a machine whose tag asks for it boots', async () => {
  await templateReady()
  const one = await launchRunning({
    TagSpecifications: BOOTS,
  })
  expect(await isCopy(one.InstanceId!)).toBe(false)
  await sshWhenReady(use.key, one.PublicIpAddress!)
})

test('a broken template costs a boot, never a launch, and is made anew', async () => {
  await templateReady()
  // The one of the bigger size among them, which is made while nobody waits for it.
  const made = await eventually(
    () => use.daemon.host.templates(),
    (all) => all.every(({ state }) => state === 'ready'),
    TEMPLATE_TIMEOUT_MS,
  )
  const folders = made.map((one) => one.folder!)
  for (const folder of folders) await truncate(join(folder, 'state'), 1000)
  const one = await launchRunning(NO_STANDBY)
  expect(await isCopy(one.InstanceId!)).toBe(false)
  await sshWhenReady(use.key, one.PublicIpAddress!)
  await eventually(
    () => use.daemon.host.templates(),
    (all) => all.some((each) => each.state === 'ready' && !folders.includes(each.folder!)),
    TEMPLATE_TIMEOUT_MS,
  )
  const again = await launchRunning(NO_STANDBY)
  expect(await isCopy(again.InstanceId!)).toBe(true)
  const { Output } = await use.daemon.ec2.send(
    new GetConsoleOutputCommand({ InstanceId: again.InstanceId }),
  )
  await sshWhenReady(use.key, again.PublicIpAddress!)
  expect(Buffer.from(Output ?? '', 'base64').toString()).not.toContain('Linux version')
})

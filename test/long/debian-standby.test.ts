/**
 * A Debian that stood by: it was logged into as somebody who does not exist, and has to have forgotten all of it.
 * Beside a copy of the same template that rehearsed nothing: nothing of what must be unique is the same.
 * docs/templates.md, docs/decisions/0064.
 */
import { glob, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DescribeFastLaunchImagesCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { launch, reach, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

/** Debian in emulation, on a busy host. */
const TEMPLATE_MS = 600_000
const TEST_MS = 1_800_000

const use = useDaemon({
  flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4', '--standbys', '1'],
  images: ['debian-12'],
})

/** Each must differ between any two machines. */
const UNIQUE = [
  'ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | cut -d" " -f3',
  'ssh-keyscan -t ecdsa 127.0.0.1 2>/dev/null | cut -d" " -f3',
  'cat /etc/machine-id',
  'cat /proc/sys/kernel/random/boot_id',
  'cat /proc/sys/kernel/random/uuid',
  'head -c 32 /dev/urandom | base64 -w 0; echo',
  'cat /sys/class/net/eth0/address',
  'hostname',
  'cat /sys/class/dmi/id/product_uuid',
  'cat /sys/class/dmi/id/board_asset_tag',
]

/** What is left of the visitor, of the template, of a login before this one: nothing. */
const LEFT = [
  'wc -l </home/admin/.ssh/authorized_keys',
  'wc -l </root/.ssh/authorized_keys',
  'ls /etc/ssh | grep -c "host_.*key$"',
  'loginctl list-sessions --no-legend | wc -l',
  // This very command has no terminal; who was here before had none either, but sshd records each login.
  'last -f /var/log/wtmp 2>/dev/null | grep -c "127.0.0.1" || true',
  'grep -c "127.0.0.1" -a /var/log/lastlog || true',
  'journalctl -q --no-pager -m | grep -c "127.0.0.1 port\\|rehearsal" || true',
  'grep -rl rehearsal /etc /home /root /var/log /run/systemd /run/brume /tmp /var/tmp 2>/dev/null | wc -l',
  'ls -A /tmp /root /home/admin | grep -c "history\\|known_hosts" || true',
  'ip -4 -o addr show eth0 | grep -c "192\\.0\\.2\\." || true',
  'ip route show | grep -c "192\\.0\\.2\\." || true',
  'dmesg | grep -c "Linux version" || true',
]
const NOTHING = ['1', '1', '2', '1', '0', '0', '0', '0', '0', '0', '0', '0']

test(
  'a Debian that rehearsed is nobody else, and remembers nobody',
  { timeout: TEST_MS },
  async () => {
    const { daemon, key } = use
    const image = (await daemon.host.images()).find(({ name }) => name === 'debian-12')
    expect(image, 'the image debian-12, built before').toBeDefined()
    const ImageIds = [image!.imageId!]
    // Until it is in the image (decision 0064).
    for await (const path of glob(join(daemon.home, 'images/debian-12/*/image.json'))) {
      const manifest = JSON.parse(await readFile(path, 'utf8'))
      manifest.launchPort.canRehearse = true
      await rm(path)
      await writeFile(path, JSON.stringify(manifest))
    }
    await eventually(
      async () => {
        const answer = await daemon.ec2.send(new DescribeFastLaunchImagesCommand({ ImageIds }))
        return answer.FastLaunchImages?.[0]?.State
      },
      (state) => state === 'enabled',
      TEMPLATE_MS,
    )
    const one = async (): Promise<string> => {
      const [made] = await launch(daemon, {
        ImageId: ImageIds[0]!,
        InstanceType: 't2.nano',
        KeyName: key.name,
      })
      return made!.InstanceId!
    }
    const copy = await one()
    await reach(daemon, [copy], 'running', TEMPLATE_MS)
    const standbys = join(daemon.home, 'standbys')
    await eventually(
      () => daemon.host.templates(),
      (all) => all.some(({ standbys: ready }) => ready?.count === 1),
      TEMPLATE_MS,
    )
    const ahead = (await readdir(standbys))[0]!.replace('.json', '')
    const launched = await one()
    expect(launched, 'the machine that stood by').toBe(ahead)
    const running = await reach(daemon, [copy, launched], 'running', TEMPLATE_MS)
    const seen: string[][] = []
    for (const { InstanceId, PublicIpAddress, PrivateIpAddress } of running) {
      const debian = { ...key, user: 'admin' }
      // What is left first: the others are a visitor's, too.
      const words = [...LEFT, ...UNIQUE].map((each) => `sudo sh -c '${each}'`).join('; ')
      const lines = (await sshWhenReady(debian, PublicIpAddress!, words)).split('\n')
      expect(lines).toHaveLength(UNIQUE.length + LEFT.length)
      const left = lines.splice(0, LEFT.length).map((line, at) => `${line}: ${LEFT[at]}`)
      const nothing = NOTHING.map((line, at) => `${line}: ${LEFT[at]}`)
      expect(left.join('\n'), `what is left in ${InstanceId}`).toBe(nothing.join('\n'))
      expect(lines[7]).toBe(`ip-${PrivateIpAddress!.replaceAll('.', '-')}`)
      expect(lines[9]).toBe(InstanceId)
      seen.push(lines)
    }
    for (const column of UNIQUE.keys()) {
      expect(seen[0]![column], UNIQUE[column]).not.toBe('')
      expect(seen[0]![column], UNIQUE[column]).not.toBe(seen[1]![column])
    }
    await terminate(daemon, [copy, launched])
  },
)

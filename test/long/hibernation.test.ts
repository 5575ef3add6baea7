/**
 * Hibernation of Debian under UEFI with a TPM: what was measured into the TPM is there again with the memory,
 * which lies sealed on the host; after a boot the registers begin anew.
 */
import { join } from 'node:path'
import {
  DescribeImagesCommand,
  RegisterImageCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceStopped,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { bootIdOf, describe, launch, reach, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const BOOT_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = 40 * 60_000
const SECRET = 'remembered-in-memory-alone'

const use = useDaemon({ images: ['debian-12'] })

/** TPM 2.0 commands by hand: extend the register for debugging (16) with ones, and read it. */
const TPM = `import struct,sys
fd=open('/dev/tpm0','r+b',buffering=0)
def call(tag,code,body):
  fd.write(struct.pack('>HII',tag,10+len(body),code)+body); got=fd.read(4096)
  assert struct.unpack('>I',got[6:10])[0]==0,got.hex(); return got[10:]
password=struct.pack('>IHBH',0x40000009,0,0,0)
if sys.argv[1]=='extend':
  call(0x8002,0x182,struct.pack('>II',16,len(password))+password+struct.pack('>IH',1,0xb)+b'\\1'*32)
print(call(0x8001,0x17e,struct.pack('>IHB',1,0xb,3)+b'\\0\\0\\1')[-32:].hex())`

test(
  'registers of a TPM go on with the memory of their machine',
  async () => {
    const { daemon } = use
    const { ec2 } = daemon
    const key = { ...use.key, user: 'admin' }
    const images = await daemon.host.images()
    const debian = images.find((image) => image.name === 'debian-12')!.imageId!
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [debian] }))
    const { RootDeviceName, BlockDeviceMappings } = Images![0]!
    const { SnapshotId } = BlockDeviceMappings![0]!.Ebs!
    const { ImageId } = await ec2.send(
      new RegisterImageCommand({
        Name: 'with-tpm',
        RootDeviceName,
        BootMode: 'uefi',
        TpmSupport: 'v2.0',
        BlockDeviceMappings: [{ DeviceName: RootDeviceName, Ebs: { SnapshotId } }],
      }),
    )
    const [made] = await launch(daemon, {
      ImageId: ImageId!,
      InstanceType: 't3.small',
      KeyName: key.name,
      HibernationOptions: { Configured: true },
      BlockDeviceMappings: [
        { DeviceName: RootDeviceName, Ebs: { Encrypted: true, VolumeSize: 8 } },
      ],
    })
    const InstanceId = made!.InstanceId!
    const ids = { InstanceIds: [InstanceId] }
    const answering = async (): Promise<string> => {
      const [seen] = await reach(daemon, [InstanceId], 'running')
      await sshWhenReady(key, seen!.PublicIpAddress!, 'true', BOOT_TIMEOUT_MS)
      return seen!.PublicIpAddress!
    }
    let address = await answering()
    const run = (command: string) => sshWhenReady(key, address, command, BOOT_TIMEOUT_MS)
    const tpm = (word: string) => run(`sudo python3 /run/tpm.py ${word}`)
    const script = Buffer.from(TPM).toString('base64')
    await run(`echo ${script} | base64 -d | sudo tee /run/tpm.py >/dev/null`)
    await run(`echo ${SECRET} | sudo tee /run/secret >/dev/null`)
    const bootId = await bootIdOf(key, address)
    expect(await tpm('read')).toBe('0'.repeat(64))
    const extended = await tpm('extend')
    expect(extended).not.toBe('0'.repeat(64))

    const waiter = { client: ec2, maxWaitTime: 300, minDelay: 1, maxDelay: 1 }
    await ec2.send(new StopInstancesCommand({ ...ids, Hibernate: true }))
    await waitUntilInstanceStopped(waiter, ids)
    const [stopped] = await describe(daemon, InstanceId)
    expect(stopped!.StateReason!.Code).toBe('Client.UserInitiatedHibernate')
    const memory = join(daemon.home, 'instances', InstanceId, 'memory.sealed')
    await expect(exec('grep', ['-c', SECRET, memory])).rejects.toMatchObject({ exitCode: 1 })
    await ec2.send(new StartInstancesCommand(ids))
    address = await answering()
    expect(await bootIdOf(key, address)).toBe(bootId)
    expect(await run('sudo cat /run/secret')).toBe(SECRET)
    expect(await tpm('read')).toBe(extended)
    await terminate(daemon, [InstanceId])
  },
  TEST_TIMEOUT_MS,
)

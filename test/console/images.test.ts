/** Images in the browser: disks of one's own, dropped and chosen, raw and as qcow2, become images block by block. */
import { EBS } from '@aws-sdk/client-ebs'
import { expect, test } from 'vitest'
import { useBrowserConsole } from '../support/browser-use.ts'
import { eventually } from '../support/eventually.ts'
import { CLUSTER_BYTES, qcow2Of } from '../support/qcow2.ts'

const console = useBrowserConsole()

test('a disk that is dropped becomes an image, block by block', async () => {
  const page = await console.page()
  await page.goto(`${console.url}/console/images`)
  const choose = page.getByLabel('Disk image')
  const vmdk = Buffer.from('KDMV')
  await choose.setInputFiles({ name: "it's.vmdk", mimeType: '', buffer: vmdk })
  const advice = String.raw`This is VMDK. Make it raw first: qemu-img convert -O raw 'it'\''s.vmdk' disk.raw`
  await page.getByText(advice).waitFor()
  const block = 512 * 1024
  const disk = Buffer.alloc(2 * block + 100)
  disk.write('first', 0)
  disk.write('last', 2 * block)
  const dataTransfer = await page.evaluateHandle(`(() => {
    const bytes = Uint8Array.from(atob('${disk.toString('base64')}'), (one) => one.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], 'mine.raw'))
    return transfer
  })()`)
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer })
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText(/^ami-\w+ is made$/).waitFor()
  expect(await blocksOf('mine')).toEqual({ 0: 'first', 2: 'last\0' })
  // The same as qcow2, deflated: one of its blocks has no cluster.
  const data = Buffer.alloc(CLUSTER_BYTES, 'again')
  const cluster = { data, isDeflated: true }
  const buffer = qcow2Of(
    [cluster, ...Array<undefined>(15).fill(undefined), cluster],
    2 * 1024 ** 2 + 1,
  )
  await choose.setInputFiles({ name: 'packed.qcow2', mimeType: '', buffer })
  await page.getByText('packed.qcow2, 2.0 MiB').waitFor()
  await page.getByRole('button', { name: 'Upload' }).click()
  await page
    .getByText(/^ami-\w+ is made$/)
    .last()
    .waitFor()
  await eventually(
    () => blocksOf('packed'),
    (found) => found !== undefined,
  )
  expect(await blocksOf('packed')).toEqual({ 0: 'again', 2: 'again' })
})

/** Of the snapshot beneath an image: the first five bytes of each block that holds something. */
async function blocksOf(name: string): Promise<Record<number, string> | undefined> {
  const { Images } = await console.ec2.describeImages({ Owners: ['self'] })
  const made = Images!.find((one) => one.Name === name)
  if (!made) return undefined
  const SnapshotId = made.BlockDeviceMappings![0]!.Ebs!.SnapshotId!
  const ebs = new EBS({ endpoint: console.url, region: 'us-east-1', credentials: console.root })
  const { Blocks } = await ebs.listSnapshotBlocks({ SnapshotId })
  const found: Record<number, string> = {}
  for (const { BlockIndex, BlockToken } of Blocks!) {
    const block = await ebs.getSnapshotBlock({ SnapshotId, BlockIndex, BlockToken })
    found[BlockIndex!] = (await block.BlockData!.transformToString()).slice(0, 5)
  }
  ebs.destroy()
  return found
}

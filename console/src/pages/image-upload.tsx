/**
 * An image from a disk file of one's own, dropped here: its blocks go into a snapshot by EBS direct, and the snapshot
 * is registered, as any AWS client could do it. Raw disks, and qcow2 read as one; others are told how to become one.
 */
import { RegisterImageCommand } from '@aws-sdk/client-ec2'
import { useRef, useState } from 'react'
import { ec2, ebs, wordsOf } from '../aws/clients.ts'
import { collectionRefresh } from '../aws/collection.ts'
import { images } from '../aws/ec2.ts'
import { t } from '../text/t.ts'
import { Bar, Button, Card, InputField, Note } from '../ui/parts.tsx'
import { toast } from '../ui/toasts.tsx'
import { BLOCK_BYTES, blockCount, foreignFormat, isZero, padded } from '../util/blocks.ts'
import { sizeText } from '../util/instance.ts'
import { qcow2Open, type Disk } from '../util/qcow2.ts'
import { shellWord } from '../util/shell.ts'

const AT_ONCE = 4
const GIB = 1024 ** 3
const HEAD_BYTES = 16

interface Progress {
  fraction: number
  words: string
}

export function UploadImage() {
  const input = useRef<HTMLInputElement>(null)
  const abort = useRef<AbortController>(undefined)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<Chosen>()
  const [isOver, setOver] = useState(false)
  const [wrong, setWrong] = useState<string>()
  const [progress, setProgress] = useState<Progress>()
  const take = async (one: File | undefined): Promise<void> => {
    if (!one) return
    try {
      setChosen({ file: one, disk: await diskOf(one) })
      setWrong(undefined)
    } catch (error) {
      setChosen(undefined)
      return setWrong((error as Error).message)
    }
    if (name === '') setName(one.name.replace(/\.\w+$/, ''))
  }
  const run = async (): Promise<void> => {
    abort.current = new AbortController()
    setWrong(undefined)
    try {
      const imageId = await upload(chosen!, name.trim(), setProgress, abort.current.signal)
      await collectionRefresh(images)
      toast(t('{id} is made', { id: imageId }))
      setChosen(undefined)
      setName('')
    } catch (error) {
      setWrong(abort.current.signal.aborted ? t('Stopped. Nothing of it is left.') : wordsOf(error))
    } finally {
      setProgress(undefined)
    }
  }
  return (
    <Card title={t('Upload a disk of your own')}>
      <div className="stack">
        <div
          className={`drop ${isOver ? 'over' : ''}`}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault()
            setOver(false)
            void take(event.dataTransfer.files[0])
          }}
        >
          {chosen ? (
            <strong>
              {chosen.file.name}, {sizeText(chosen.disk.size)}
            </strong>
          ) : (
            <span>{t('Drop a disk image here (raw or qcow2), or')}</span>
          )}
          <Button isSmall onClick={() => input.current?.click()}>
            {t('choose a file')}
          </Button>
          <input
            ref={input}
            type="file"
            hidden
            aria-label={t('Disk image')}
            onChange={(event) => void take(event.target.files?.[0])}
          />
        </div>
        {wrong !== undefined && <Note tone="warn">{wrong}</Note>}
        {chosen && !progress && (
          <div className="row wrap" style={{ alignItems: 'flex-end' }}>
            <InputField label={t('Image name')} value={name} onChange={setName} />
            <Button
              look="primary"
              whyNot={
                name.trim().length >= 3 ? undefined : t('A name of 3 characters or more is needed')
              }
              onClick={() => void run()}
            >
              {t('Upload')}
            </Button>
          </div>
        )}
        {progress && (
          <div className="row">
            <div className="grow stack tight" role="status">
              <span className="small">{progress.words}</span>
              <Bar fraction={progress.fraction} />
            </div>
            <Button isSmall onClick={() => abort.current?.abort()}>
              {t('Stop')}
            </Button>
          </div>
        )}
      </div>
    </Card>
  )
}

interface Chosen {
  file: File
  disk: Disk
}

/** @throws with words for what cannot be uploaded as it is. */
async function diskOf(file: File): Promise<Disk> {
  const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await file.slice(offset, offset + length).arrayBuffer())
  const format = foreignFormat(await read(0, HEAD_BYTES))
  if (format === undefined) return { size: file.size, read }
  const name = shellWord(file.name)
  const advice = t('Make it raw first: qemu-img convert -O raw {name} disk.raw', { name })
  if (format !== 'qcow2') throw new Error(`${t('This is {format}.', { format })} ${advice}`)
  return qcow2Open(read).catch((error: unknown) => {
    const why = (error as Error).message
    throw new Error(`${t('This qcow2 cannot be read here: {why}.', { why })} ${advice}`)
  })
}

async function upload(
  { file, disk }: Chosen,
  name: string,
  onProgress: (progress: Progress) => void,
  abortSignal: AbortSignal,
): Promise<string> {
  const { CompleteSnapshotCommand, PutSnapshotBlockCommand, StartSnapshotCommand } =
    await import('@aws-sdk/client-ebs')
  const client = await ebs()
  const size = Math.ceil(disk.size / GIB)
  const started = await client.send(
    new StartSnapshotCommand({ VolumeSize: size, Description: `Uploaded: ${file.name}` }),
  )
  const { SnapshotId } = started
  const count = blockCount(disk.size)
  let next = 0
  let done = 0
  let sent = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      abortSignal.throwIfAborted()
      const bytes = await disk.read(index * BLOCK_BYTES, BLOCK_BYTES)
      if (bytes && !isZero(bytes)) {
        const BlockData = padded(bytes)
        const Checksum = await checksum(BlockData)
        const block = { SnapshotId, BlockIndex: index, DataLength: BLOCK_BYTES, BlockData }
        const input = { ...block, Checksum, ChecksumAlgorithm: 'SHA256' as const }
        await client.send(new PutSnapshotBlockCommand(input), { abortSignal })
        sent += 1
      }
      done += 1
      onProgress({
        fraction: done / count,
        words: t('{done} of {size}', {
          done: sizeText(Math.min(disk.size, done * BLOCK_BYTES)),
          size: sizeText(disk.size),
        }),
      })
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    await client.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: sent }))
    return await register(SnapshotId ?? '', name)
  } catch (error) {
    const { DeleteSnapshotCommand } = await import('@aws-sdk/client-ec2')
    await ec2()
      .send(new DeleteSnapshotCommand({ SnapshotId }))
      .catch(() => {})
    throw error
  }
}

async function register(SnapshotId: string, name: string): Promise<string> {
  const { waitUntilSnapshotCompleted } = await import('@aws-sdk/client-ec2')
  await waitUntilSnapshotCompleted(
    { client: ec2(), maxWaitTime: 300, minDelay: 1, maxDelay: 2 },
    { SnapshotIds: [SnapshotId] },
  )
  const made = await ec2().send(
    new RegisterImageCommand({
      Name: name,
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      RootDeviceName: '/dev/xvda',
      EnaSupport: true,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }],
    }),
  )
  return made.ImageId ?? ''
}

/** By the SDK's own code: the browser's is shut on pages that came without TLS from another host. */
async function checksum(bytes: Uint8Array): Promise<string> {
  const { Sha256 } = await import('@aws-crypto/sha256-js')
  const hash = new Sha256()
  hash.update(bytes)
  return btoa(String.fromCharCode(...(await hash.digest())))
}

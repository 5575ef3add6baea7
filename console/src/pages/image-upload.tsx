/**
 * An image from a disk file of one's own, dropped here: its blocks go into a snapshot by EBS direct, and the snapshot
 * is registered, as any AWS client could do it. Raw disks; others are told how to become one.
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
  const [file, setFile] = useState<File>()
  const [isOver, setOver] = useState(false)
  const [wrong, setWrong] = useState<string>()
  const [progress, setProgress] = useState<Progress>()
  const take = async (one: File | undefined): Promise<void> => {
    if (!one) return
    const head = new Uint8Array(await one.slice(0, HEAD_BYTES).arrayBuffer())
    const format = foreignFormat(head)
    if (format !== undefined) {
      setFile(undefined)
      return setWrong(
        t('This is {format}. Make it raw first: qemu-img convert -O raw {name} disk.raw', {
          format,
          name: shellWord(one.name),
        }),
      )
    }
    setWrong(undefined)
    setFile(one)
    if (name === '') setName(one.name.replace(/\.\w+$/, ''))
  }
  const run = async (): Promise<void> => {
    abort.current = new AbortController()
    setWrong(undefined)
    try {
      const imageId = await upload(file!, name.trim(), setProgress, abort.current.signal)
      await collectionRefresh(images)
      toast(t('{id} is made', { id: imageId }))
      setFile(undefined)
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
          {file ? (
            <strong>
              {file.name}, {sizeText(file.size)}
            </strong>
          ) : (
            <span>{t('Drop a raw disk image here, or')}</span>
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
        {file && !progress && (
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

async function upload(
  file: File,
  name: string,
  onProgress: (progress: Progress) => void,
  abortSignal: AbortSignal,
): Promise<string> {
  const { CompleteSnapshotCommand, PutSnapshotBlockCommand, StartSnapshotCommand } =
    await import('@aws-sdk/client-ebs')
  const client = await ebs()
  const size = Math.ceil(file.size / GIB)
  const started = await client.send(
    new StartSnapshotCommand({ VolumeSize: size, Description: `Uploaded: ${file.name}` }),
  )
  const { SnapshotId } = started
  const count = blockCount(file.size)
  let next = 0
  let done = 0
  let sent = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      abortSignal.throwIfAborted()
      const at = index * BLOCK_BYTES
      const bytes = new Uint8Array(await file.slice(at, at + BLOCK_BYTES).arrayBuffer())
      if (!isZero(bytes)) {
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
          done: sizeText(Math.min(file.size, done * BLOCK_BYTES)),
          size: sizeText(file.size),
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

/** A button that builds or pulls an image, and becomes its progress. */
import { useState } from 'react'
import { collectionRefresh, queryClient } from '../aws/collection.ts'
import { images } from '../aws/ec2.ts'
import { imageMake, type ImageListing, type JobProgress } from '../aws/host.ts'
import { wordsOf } from '../aws/clients.ts'
import { t } from '../text/t.ts'
import { Bar, Button, Note } from '../ui/parts.tsx'
import { sizeText } from '../util/instance.ts'

export function MakeImage(props: { listing: ImageListing; onMade?(imageId: string): void }) {
  const { listing, onMade } = props
  const [progress, setProgress] = useState<JobProgress>()
  const [wrong, setWrong] = useState<string>()
  const make = async (): Promise<void> => {
    setWrong(undefined)
    setProgress({ step: t('Beginning'), fraction: null, detail: '' })
    try {
      const operation = listing.kind === 'official' ? 'pull' : 'build'
      const imageId = await imageMake(operation, listing.name, setProgress)
      await collectionRefresh(images)
      await queryClient.invalidateQueries({ queryKey: ['image-listing'] })
      onMade?.(imageId)
    } catch (error) {
      setWrong(wordsOf(error))
    } finally {
      setProgress(undefined)
    }
  }
  if (progress) {
    return (
      <div className="stack tight" role="status">
        <span className="small">
          {progress.step} <span className="muted">{progress.detail}</span>
        </span>
        <Bar fraction={progress.fraction} />
      </div>
    )
  }
  const size = listing.sizeBytes === null ? '' : ` (${sizeText(listing.sizeBytes)})`
  return (
    <>
      <div>
        <Button isSmall onClick={() => void make()}>
          {listing.kind === 'official' ? `${t('Pull')}${size}` : t('Build')}
        </Button>
      </div>
      {wrong !== undefined && <Note tone="bad">{wrong}</Note>}
    </>
  )
}

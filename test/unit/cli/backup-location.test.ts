/** Places in S3, as they are written on the command line. */
import { expect, test } from 'vitest'
import { bucketOf } from '../../../src/cli/verbs/backup-location.ts'

test.each([
  ['s3://backups', 'backups', ''],
  ['s3://backups/', 'backups', ''],
  ['s3://my.backups/brume', 'my.backups', 'brume/'],
  ['s3://backups/a/b/', 'backups', 'a/b/'],
])('%s', (url, bucket, prefix) => {
  expect(bucketOf(url)).toEqual({ bucket, prefix })
})

test.each(['backups', 's3://', 's3://B', 's3://a b/c', 'https://s3.example.org/b', 's3://b-'])(
  'not %s',
  (url) => {
    expect(() => bucketOf(url)).toThrow('no place in S3')
  },
)

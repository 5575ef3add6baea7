/** The image that simulated hosts are launched from: a record without a disk. For development, tests and benches. */
import type { ImageManifest } from '../domain/image-manifest.ts'

export function simulatedImage(): ImageManifest {
  const sha256 = '0'.repeat(64)
  return {
    format: 1,
    name: 'tiny',
    version: '20260101-00000000',
    contentHash: sha256,
    description: 'An image of simulated hosts: it boots nothing',
    architecture: 'x86_64',
    disk: { file: 'disk.qcow2', format: 'qcow2', virtualSizeBytes: 2 ** 28 },
    boot: { firmware: ['bios'] },
    rootDeviceName: '/dev/xvda',
    defaultUser: 'ec2-user',
    files: [{ name: 'disk.qcow2', sizeBytes: 0, sha256 }],
    sources: [],
  }
}

/** What a template is known by: everything it was made of, and nothing else. */
import { expect, test } from 'vitest'
import { environmentOf, SHAPE_FIRST, templateKey } from '../../../src/agent/templates/key.ts'
import type { HypervisorReport } from '../../../src/domain/machine.ts'

const WHAT = {
  imageFolder: 'debian-12/20261116-46195729',
  file: 'disk.qcow2',
  rootSizeGiB: 8,
  shape: SHAPE_FIRST,
}
const ENVIRONMENT = {
  qemuVersion: '7.2.22',
  pin: { machineType: 'pc-q35-7.2', cpuModel: 'Westmere-v1', accelerator: 'tcg' as const },
  hostKernel: '6.1.0-1',
  hostProcessor: 'a processor',
  layout: 1,
  launchPort: 1,
}

test('a key names its image and size, and is good as the name of a folder', () => {
  const key = templateKey(WHAT, ENVIRONMENT)
  expect(key).toBe(templateKey(structuredClone(WHAT), structuredClone(ENVIRONMENT)))
  // Frozen machines of a host are known by it from one start of the daemon to the next: it may not drift.
  expect(key).toMatchInlineSnapshot(`"debian-12-1x512-486aeb1eefa1"`)
  const odd = { ...WHAT, imageFolder: '../Ä b/../x/1' }
  expect(templateKey(odd, ENVIRONMENT)).toMatch(/^[a-z0-9.-]+$/)
})

test('anything that differs makes another key', () => {
  const { pin } = ENVIRONMENT
  const shape = (change: Partial<typeof SHAPE_FIRST>) => ({ ...SHAPE_FIRST, ...change })
  const keys = [
    templateKey(WHAT, ENVIRONMENT),
    ...[
      { imageFolder: 'debian-12/20261117-46195729' },
      { imageFolder: 'debian-13/20261116-46195729' },
      { file: 'data.qcow2' },
      { rootSizeGiB: 9 },
      { shape: shape({ vcpus: 2 }) },
      { shape: shape({ memoryMiB: 1024 }) },
      { shape: shape({ coresPerSocket: 2 }) },
      { shape: shape({ threadsPerCore: 2 }) },
      { shape: shape({ vcpusMax: 1 }) },
      { shape: shape({ memoryMaxMiB: 512 }) },
    ].map((change) => templateKey({ ...WHAT, ...change }, ENVIRONMENT)),
    ...[
      { qemuVersion: '8.2.0' },
      { pin: { ...pin, machineType: 'pc-q35-8.2' } },
      { pin: { ...pin, cpuModel: 'host' } },
      { pin: { ...pin, accelerator: 'kvm' as const } },
      { hostKernel: '6.1.0-2' },
      { hostProcessor: 'another' },
      { layout: 2 },
      { launchPort: 2 },
    ].map((change) => templateKey(WHAT, { ...ENVIRONMENT, ...change })),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

test('the environment is what the host reports, its kernel and its processor among it', () => {
  const report: HypervisorReport = {
    qemuVersion: '7.2.22',
    architecture: 'x86_64',
    accelerator: 'tcg',
    hypervisorType: 2,
    explanation: '',
    machineType: 'pc-q35-7.2',
    cpuModel: 'Westmere-v1',
    hasUefi: true,
    hasIoUring: true,
    hasVhostNet: false,
  }
  const environment = environmentOf(report)
  expect(environment).toMatchObject({ qemuVersion: '7.2.22', pin: ENVIRONMENT.pin })
  expect(environment.hostKernel).not.toBe('')
  expect(environment.hostProcessor).not.toBe('')
})

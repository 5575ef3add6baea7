/** Processors and memory of the instance type that is measured, for the bare machine beside it. */
import { DescribeInstanceTypesCommand } from '@aws-sdk/client-ec2'
import type { BenchCloud } from './cloud.ts'

export async function shapeOf(bench: BenchCloud): Promise<{ vcpus: number; memoryMiB: number }> {
  const { InstanceTypes } = await bench.ec2.send(
    new DescribeInstanceTypesCommand({ InstanceTypes: [bench.instanceType as never] }),
  )
  const [type] = InstanceTypes ?? []
  return {
    vcpus: type!.VCpuInfo!.DefaultVCpus!,
    memoryMiB: type!.MemoryInfo!.SizeInMiB!,
  }
}

/**
 * What the API costs on simulated hosts: RunInstances' answer time, and CPU of DescribeInstances for 1, 100 and 1,000
 * instances, the whole way through HTTP, signatures, store and XML. The client runs in a process of its own, so that
 * the figures are the server's alone. Prints a table and one JSON line.
 */
import { spawnHelper } from '../src/lib/exec.ts'
import { startTestCloud } from '../test/support/cloud.ts'
import { TINY } from '../test/support/app.ts'
import { RunInstancesCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2'

const RUNS = 20
const DESCRIBES = 15

if (process.argv[2] === 'client') await client(process.argv[3]!)
else await server()

async function server(): Promise<void> {
  const cloud = await startTestCloud({ simulated: { cpuCount: 4096, memoryMiB: 2 ** 24 } })
  const child = spawnHelper(process.execPath, [import.meta.filename, 'client', cloud.url])
  let before = process.cpuUsage()
  const rows: Record<string, unknown>[] = []
  child.on('message', (message: { type: string; [key: string]: unknown }) => {
    if (message.type === 'begin') before = process.cpuUsage()
    if (message.type === 'end') {
      const used = process.cpuUsage(before)
      const cpuMs = (used.user + used.system) / 1000 / Number(message.calls)
      rows.push({ what: message.what, wallMs: message.wallMs, cpuMs: Number(cpuMs.toFixed(1)) })
    }
    child.send('go on')
  })
  await new Promise((resolve) => child.once('close', resolve))
  const rssMiB = Math.round(process.memoryUsage.rss() / 2 ** 20)
  await cloud.close()
  console.table(rows)
  console.log(JSON.stringify({ bench: 'api', rows, rssMiB }))
}

async function client(url: string): Promise<void> {
  const credentials = { accessKeyId: '111122223333', secretAccessKey: 'unused' }
  const ec2 = new EC2Client({ endpoint: url, region: 'us-east-1', credentials })
  const tell = (message: object): Promise<void> =>
    new Promise((resolve) => {
      process.once('message', () => resolve())
      process.send!(message)
    })
  const measure = async (what: string, calls: number, call: () => Promise<unknown>) => {
    await call()
    await tell({ type: 'begin' })
    const times: number[] = []
    for (let n = 0; n < calls; n++) {
      const at = performance.now()
      await call()
      times.push(performance.now() - at)
    }
    times.sort((a, b) => a - b)
    const wallMs = Number(times[Math.floor(times.length / 2)]!.toFixed(1))
    await tell({ type: 'end', what, calls, wallMs })
  }
  const run = (count: number) =>
    ec2.send(
      new RunInstancesCommand({
        ImageId: TINY,
        InstanceType: 't3.nano',
        MinCount: count,
        MaxCount: count,
      }),
    )
  await run(1)
  await measure('DescribeInstances of 1', DESCRIBES, () =>
    ec2.send(new DescribeInstancesCommand({})),
  )
  await measure(`RunInstances of 1`, RUNS, () => run(1))
  await run(100 - RUNS - 2)
  await measure('DescribeInstances of 100', DESCRIBES, () =>
    ec2.send(new DescribeInstancesCommand({})),
  )
  await run(900)
  await measure('DescribeInstances of 1,000', DESCRIBES, () =>
    ec2.send(new DescribeInstancesCommand({})),
  )
  ec2.destroy()
  process.disconnect?.()
}

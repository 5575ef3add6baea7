/** How a bench learns whether launches start from a template: asks, waits while one is built, says plainly why not. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { BenchCloud } from '../../../bench/support/cloud.ts'
import { templateOf } from '../../../bench/support/templates.ts'

let server: Server | undefined
afterEach(() => server?.close())

const template = (state: string, imageId = 'ami-1') => ({ key: 'k', imageId, state, folder: '/t' })

/** A host API that gives these answers one after the other, the last again and again; 404 when there is none. */
async function cloudOf(
  answers: readonly (readonly object[])[],
): Promise<{ bench: BenchCloud; asked: string[] }> {
  const asked: string[] = []
  let at = 0
  server = createServer((request, response) => {
    asked.push(request.url!)
    const templates = answers[Math.min(at++, answers.length - 1)]
    response.writeHead(templates ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(templates ? { templates } : { error: 'there is no such thing' }))
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const credentials = { account: '1', accessKeyId: 'A', secretAccessKey: 's', region: 'us-east-1' }
  const send = async (command: { input: { ImageId: string } }): Promise<void> =>
    void asked.push(`EnableFastLaunch ${command.input.ImageId}`)
  const bench = {
    imageId: 'ami-1',
    cloud: { port, endpoint: `http://127.0.0.1:${port}`, credentials },
    ec2: { send },
  }
  return { bench: bench as unknown as BenchCloud, asked }
}

test('a cloud that knows none: in plain words', async () => {
  const { bench, asked } = await cloudOf([])
  expect(await templateOf(bench)).toContain('knows no templates')
  expect(asked).toEqual(['/api/templates'])
})

test('one that is being built is waited for', async () => {
  const { bench, asked } = await cloudOf([[template('building')], [template('ready')]])
  expect(await templateOf(bench)).toMatchObject({ state: 'ready', folder: '/t' })
  expect(asked).not.toContain('EnableFastLaunch ami-1')
})

test('without one of this image it is asked for', async () => {
  const other = template('ready', 'ami-2')
  const { bench, asked } = await cloudOf([[other], [other, template('ready')]])
  expect(await templateOf(bench)).toMatchObject({ imageId: 'ami-1' })
  expect(asked).toContain('EnableFastLaunch ami-1')
})

test('one that failed is not waited for', async () => {
  const { bench } = await cloudOf([[template('failed')]])
  expect(await templateOf(bench)).toContain('could not be built')
})

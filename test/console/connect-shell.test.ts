/** The terminal over SSH in a real browser: a machine whose key nobody here has is lent one, and told so if asked. */
import { expect, test } from 'vitest'
import { useBrowserConsole } from '../support/browser-use.ts'

const console = useBrowserConsole()

test('no key is needed: connecting lends one to the machine', async () => {
  const { Images } = await console.ec2.describeImages({})
  const { Instances } = await console.ec2.runInstances({
    ...{ ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano', MinCount: 1, MaxCount: 1 },
  })
  const id = Instances![0]!.InstanceId!
  await console.cloud.app.settled()
  const page = await console.page()
  await page.goto(`${console.url}/console/connect/${id}/ssh`)
  await page.getByText('No key is needed').waitFor()
  await page.getByLabel('User', { exact: true }).fill('ec2-user')
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  // Nobody is in a simulated machine.
  await page.getByText('no guest has an SSH server').waitFor()
  const instance = await console.cloud.app.store.get('instance', id)
  expect(new Set(instance!.connectKeys!.map(({ user }) => user))).toEqual(new Set(['ec2-user']))
})

/** The web console in a real browser, on simulated hosts: what people do, by the words they see. */
import { readFile } from 'node:fs/promises'
import { EBS } from '@aws-sdk/client-ebs'
import { IAM } from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { pageOf, type ConsolePage } from '../support/browser.ts'
import { signIn, useBrowserConsole, usersMake } from '../support/browser-use.ts'

const console = useBrowserConsole()
let page: ConsolePage

/** Not the column's name, which is a button too. */
const stateMenu = () => page.locator('[aria-haspopup=menu]', { hasText: 'Instance state' })

async function launched(count: number, name: string): Promise<string[]> {
  const { Images } = await console.ec2.describeImages({})
  const made = await console.ec2.runInstances({
    ImageId: Images![0]!.ImageId!,
    InstanceType: 't3.nano',
    MinCount: count,
    MaxCount: count,
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: name }] }],
  })
  return made.Instances!.map((one) => one.InstanceId!)
}

test('a link that is opened while the console is built signs in when it is', async () => {
  page = await pageOf(console.browser)
  const link = await console.signed('POST', '/api/console/link', {})
  const { token } = (await link.json()) as { token: string }
  console.isBuilding = true
  await page.goto(`${console.url}/#link=${token}`)
  await page.getByText('The console is being built.').waitFor()
  console.isBuilding = false
  await page.getByText('Three steps to a machine').waitFor()
})

test('where the daemon does not answer it is said, and another try finds it', async () => {
  page = await pageOf(console.browser)
  await page.route('**/api/console/info', (route) => route.abort())
  await page.goto(console.url)
  await page.getByRole('heading', { name: 'The daemon does not answer.' }).waitFor()
  await page.unroute('**/api/console/info')
  await page.getByRole('button', { name: 'Load it again' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

test('an empty console leads to a machine: key, rules in words, launch, live progress', async () => {
  page = await console.page()
  await page.getByText('Three steps to a machine').waitFor()
  await page.getByRole('link', { name: 'Launch a machine' }).click()
  await page.getByLabel('Name', { exact: true }).fill('web')
  await page.getByText('This host can reach SSH (TCP port 22).').waitFor()
  await page.getByLabel('From where').selectOption('0.0.0.0/0')
  await page.getByText('The whole internet reaches this.').waitFor()
  await page.getByLabel('From where').selectOption('100.64.0.1/32')
  await page.getByRole('button', { name: 'Create new key pair' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('mine')
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Create and download' }).click()
  const pem = await readFile(await (await download).path(), 'utf8')
  expect(pem).toMatch(/^-----BEGIN .*PRIVATE KEY-----/)
  await page.getByRole('button', { name: 'As an aws command' }).click()
  await page.getByRole('dialog').getByText('--key-name mine').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Launch instance', exact: true }).click()
  await page.getByText('Your instance is on its way').waitFor()
  await page.getByText(/Running after [\d.]+ s/).waitFor()
  const { Reservations } = await console.ec2.describeInstances({})
  const [instance] = Reservations![0]!.Instances!
  expect(instance!.KeyName).toBe('mine')
  expect(instance!.SecurityGroups![0]!.GroupName).toBe('launch-wizard-1')
})

test('the finder goes from words to types that this host runs', async () => {
  page = await console.page()
  await page.goto(`${console.url}/console/launch`)
  await page.getByRole('button', { name: 'Find one for my workload' }).click()
  await page.getByLabel('Describe your workload').fill('a small PostgreSQL, 8 GB of memory')
  await page.getByRole('button', { name: 'Recommend' }).click()
  const choices = page.getByRole('radiogroup', { name: 'Types that suit it' }).getByRole('radio')
  await choices.first().click()
  const type = await page.getByLabel('Instance type').inputValue()
  expect(await choices.first().textContent()).toContain(type)
})

test('a change is on the screen within a moment, and actions follow the rules of AWS', async () => {
  const [id] = await launched(1, 'live')
  page = await console.page()
  await page.goto(`${console.url}/console/instances`)
  const row = page.getByRole('row').filter({ hasText: id! })
  await row.getByText('running').waitFor()
  await row.click()
  await stateMenu().click()
  const start = page.getByRole('menuitem', { name: 'Start instance' })
  expect(await start.getAttribute('aria-disabled')).toBe('true')
  expect(await start.textContent()).toContain('live is running; it must be stopped')
  await page.keyboard.press('Escape')
  await console.ec2.stopInstances({ InstanceIds: [id!] })
  await row.getByText('stopped').waitFor({ timeout: 2_000 })
  await stateMenu().click()
  await start.click()
  await row.getByText('running').waitFor()
})

test('filters with the words of AWS stay in the address; rows are reached by the keyboard', async () => {
  await launched(1, 'another')
  const ids = await launched(3, 'batch')
  page = await console.page()
  await page.goto(`${console.url}/console/instances`)
  const find = page.getByRole('combobox')
  await page.getByRole('row').nth(1).waitFor()
  await page.keyboard.press('/')
  await find.fill('Name = batch')
  await page.keyboard.press('Enter')
  await page.getByText(/\(3 of \d+\)/).waitFor()
  expect(decodeURIComponent(page.url())).toContain('f=Name+=+batch')
  await page.reload()
  await page.getByText(/\(3 of \d+\)/).waitFor()
  // One more by its box, all up to another with Shift, none by Escape; the keyboard takes along with Shift.
  const rows = page.getByRole('row', { name: /batch/ })
  await rows.nth(0).getByRole('checkbox').click()
  await page.getByText('1 selected').waitFor()
  await rows.nth(2).getByRole('checkbox').click()
  await page.getByText('2 selected').waitFor()
  expect(await page.getByLabel('Select all').isChecked()).toBe(false)
  await rows.nth(2).getByRole('checkbox').click()
  await page.getByText('1 selected').waitFor()
  await rows.nth(0).click()
  await rows.nth(2).click({ modifiers: ['Shift'] })
  await page.getByText('3 selected').waitFor()
  const grid = page.getByRole('grid', { name: 'Instances' })
  await grid.focus()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByText('2 selected').waitFor()
  const current = await grid.getAttribute('aria-activedescendant')
  expect(await page.locator(`[id="${current}"]`).getAttribute('aria-rowindex')).toBe('3')
  await page.keyboard.press('Control+a')
  await page.getByText('3 selected').waitFor()
  await stateMenu().click()
  await page.getByRole('menuitem', { name: 'Terminate instance' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Terminate' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByText('terminated').nth(2).waitFor()
  const { Reservations } = await console.ec2.describeInstances({ InstanceIds: ids })
  const states = Reservations!.flatMap((one) => one.Instances!.map((each) => each.State!.Name))
  expect(new Set(states)).toEqual(new Set(['terminated']))
})

test('columns that were left out stay so; a machine on the map says what it reaches', async () => {
  const [id] = await launched(1, 'on-the-map')
  await launched(1, 'neighbour')
  page = await console.page()
  await page.goto(`${console.url}/console/instances`)
  const column = page.getByRole('columnheader', { name: 'Key name' })
  await column.waitFor()
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('group', { name: 'Columns' }).getByLabel('Key name').uncheck()
  await page.keyboard.press('Escape')
  await page.reload()
  await page.getByRole('columnheader', { name: 'Public IPv4' }).waitFor()
  expect(await column.count()).toBe(0)
  const row = page.getByRole('row').filter({ hasText: id! })
  await row.getByText('running').waitFor()
  await page.goto(`${console.url}/console/network`)
  const machine = page.getByRole('button', { name: 'on-the-map, running' })
  await machine.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What on-the-map can reach' }).waitFor()
  const reached = page.getByRole('region', { name: 'What it can reach' }).getByRole('row')
  // Its group lets its members in on every port.
  await reached.filter({ hasText: 'neighbour' }).getByText('yes').waitFor()
  await reached.filter({ hasText: 'The internet' }).getByText('yes').waitFor()
  const neighbour = page.getByRole('button', { name: 'neighbour, running' }).locator('rect')
  await expect.poll(() => neighbour.getAttribute('class')).toContain('reached')
})

test('the serial console talks in the browser', async () => {
  const [id] = await launched(1, 'talks')
  page = await console.page()
  await page.goto(`${console.url}/console/connect/${id}/serial`)
  await page.getByText('Serial console. Enter wakes it.').waitFor()
  await page.keyboard.type('uname -a')
  await page.keyboard.press('Enter')
  await page.getByText("no guest runs here to answer 'uname -a'").waitFor()
  // A machine may put a link beneath any words: where it leads is said first.
  const link = async (address: string, words: string): Promise<void> => {
    for (const part of [`]8;;${address}`, words, ']8;;', '']) {
      if (part !== words) await page.keyboard.press(part === '' ? 'Enter' : 'Escape')
      await page.keyboard.type(part)
      if (part.startsWith(']')) await page.keyboard.press('Control+g')
    }
  }
  await link('https://evil.example/x', 'harmless')
  const words = page.locator('.xterm-rows').getByText('harmless', { exact: true }).first()
  const { x, y, width, height } = (await words.boundingBox())!
  await page.mouse.move(x + width / 2, y + height / 2, { steps: 3 })
  await page.mouse.click(x + width / 2, y + height / 2)
  const dialog = page.getByRole('dialog')
  await dialog.getByText('https://evil.example/x', { exact: true }).waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  expect(page.context().pages()).toHaveLength(1)
})

test('a user signs in with a password, sees what is allowed, and signs out', async () => {
  await usersMake(console, ['ada'])
  page = await pageOf(console.browser)
  await page.goto(console.url)
  await signIn(page, console, 'ada', 'wrong')
  await page.getByText('Your authentication information is incorrect').waitFor()
  await signIn(page, console, 'ada')
  await page.getByRole('link', { name: 'Instances', exact: true }).click()
  const refused = page.getByRole('alert').filter({ hasText: 'ec2:DescribeInstances' })
  expect(await refused.innerText()).toMatch(/^You are not authorized to perform this operation/)
  expect(await page.getByText('The connection to the cloud is lost').count()).toBe(0)
  await page.getByRole('button', { name: /^Signed in as ada/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await page.evaluate('sessionStorage.length')).toBe(0)
})

test('a machine is backed up, a plan shows its next runs, a point becomes another machine', async () => {
  const [id] = await launched(1, 'precious')
  page = await console.page()
  await page.goto(`${console.url}/console/backup`)
  const row = page.getByRole('row').filter({ hasText: 'precious' })
  await row.getByRole('button', { name: 'Back up now' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Back up' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await row.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Plans' }).last().click()
  await page.getByRole('button', { name: 'Create plan' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('How often').selectOption('custom')
  await dialog.getByLabel('Expression').fill('cron(0 3 * *)')
  await dialog.getByText('cron has six fields').first().waitFor()
  await dialog.getByLabel('How often').selectOption('week')
  await dialog.getByText(/Next runs: Sun/).waitFor()
  await dialog.getByRole('button', { name: 'Create plan' }).click()
  await page.getByText('all-instances').waitFor()
  await page.getByRole('link', { name: 'Recovery points' }).click()
  await page.getByRole('button', { name: /^precious as of/ }).click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByRole('radio', { name: 'Everything, at once' }).click()
  await page.getByRole('dialog').getByLabel('Instance type').fill('t3.micro')
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
  const restored = page.locator('a[href^="/console/instances/i-"]')
  await restored.waitFor({ timeout: 20_000 })
  const made = (await restored.getAttribute('href'))!.split('/').at(-1)!
  expect(made).not.toBe(id)
  const { Reservations } = await console.ec2.describeInstances({ InstanceIds: [made] })
  const [instance] = Reservations![0]!.Instances!
  expect(instance!.InstanceType).toBe('t3.micro')
  expect(instance!.Tags).toContainEqual({ Key: 'Name', Value: 'precious' })
  await page.goto(`${console.url}/console/backup/points`)
  await page.getByRole('button', { name: /^precious as of/ }).click()
  await page.getByRole('button', { name: 'Look inside' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'xvda/' }).click()
  await page.getByText('a simulated host cannot look into a point').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Overview' }).click()
  const storage = page.getByRole('region', { name: 'Storage' })
  await storage
    .getByRole('row')
    .filter({ hasText: 'Default' })
    .getByText(/[\d.]+ KiB/)
    .waitFor()
})

test('a restore test is made by its schedule, and goes again', async () => {
  page = await console.page()
  await page.goto(`${console.url}/console/backup/tests`)
  await page.getByRole('button', { name: 'Create restore test' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/Next runs: Sat/).waitFor()
  await dialog.getByRole('button', { name: 'Create restore test' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('heading', { name: 'weekly_restore' }).waitFor()
  await page.getByText('No results yet.').waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No restore tests yet').waitFor()
})

test('a policy is checked while it is typed, and given to a user', async () => {
  const iam = new IAM({ endpoint: console.url, region: 'us-east-1', credentials: console.root })
  await iam.createUser({ UserName: 'grace' })
  page = await console.page()
  await page.goto(`${console.url}/console/iam/users`)
  const row = page.getByRole('row').filter({ hasText: 'grace' })
  await row.getByRole('button', { name: 'Permissions and keys' }).click()
  await page.getByLabel('A policy of yours').fill('AmazonEC2ReadOnlyAccess')
  await page.getByRole('button', { name: 'Attach' }).click()
  await page.getByRole('button', { name: 'Detach AmazonEC2ReadOnlyAccess' }).waitFor()
  await page.getByRole('button', { name: 'Write a policy' }).click()
  const editor = page.getByRole('dialog').last()
  await editor.getByLabel('Name').fill('stops')
  const text = editor.getByLabel('Policy (JSON)')
  const good = await text.inputValue()
  await text.fill(good.replace('Allow', 'Perhaps'))
  await editor.getByRole('alert').waitFor()
  expect(await editor.getByRole('button', { name: 'Save' }).getAttribute('aria-disabled')).toBe(
    'true',
  )
  await text.fill(good)
  await editor.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Delete stops' }).waitFor()
  const UserName = 'grace'
  expect((await iam.listUserPolicies({ UserName })).PolicyNames).toEqual(['stops'])
  await page.getByRole('button', { name: 'Delete user' }).click()
  await page.getByRole('dialog').last().getByRole('button', { name: 'Delete', exact: true }).click()
  await row.waitFor({ state: 'detached' })
  iam.destroy()
})

test('activity says who did what to which machine, and what was refused', async () => {
  const [id] = await launched(1, 'watched')
  await console.ec2.deleteVolume({ VolumeId: 'vol-0123456789abcdef0' }).catch(() => {})
  page = await console.page()
  await page.goto(`${console.url}/console/activity`)
  await page.getByLabel('Resource').fill(id!)
  const rows = page.getByRole('row')
  const launch = rows.filter({ hasText: 'RunInstances' })
  await expect.poll(() => launch.count(), { timeout: 20_000 }).toBe(1)
  await launch.getByText('done').waitFor()
  await page.getByRole('button', { name: 'RunInstances' }).click()
  await page.getByRole('dialog').getByText('"eventSource": "ec2.amazonaws.com"').waitFor()
  await page.keyboard.press('Escape')
  await page.getByLabel('Resource').fill('')
  await page.getByLabel('Outcome').selectOption('errors')
  await rows.filter({ hasText: 'DeleteVolume' }).getByText('InvalidVolume.NotFound').waitFor()
  expect(page.url()).toContain('outcome=errors')
  // However fast one is: nothing of what was typed and chosen is lost.
  await page.evaluate(`
    const set = (kind, to, value, event) => {
      Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(to, value)
      to.dispatchEvent(new Event(event, { bubbles: true }))
    }
    set(HTMLInputElement, document.querySelector('.filters input'), 'nobody', 'input')
    set(HTMLSelectElement, [...document.querySelectorAll('.filters select')].at(-1), '', 'change')
  `)
  await page.waitForURL((url) => url.search === '?user=nobody')
  expect(await page.getByLabel('User').inputValue()).toBe('nobody')
  await page.goto(`${console.url}/console/instances/${id}/activity`)
  await rows.filter({ hasText: 'RunInstances' }).getByText('done').waitFor()
})

test('a disk that is dropped becomes an image, block by block', async () => {
  page = await console.page()
  await page.goto(`${console.url}/console/images`)
  const choose = page.getByLabel('Disk image')
  const qcow2 = Buffer.from('QFI\u{fb}', 'latin1')
  await choose.setInputFiles({ name: 'other.qcow2', mimeType: '', buffer: qcow2 })
  await page.getByText('This is qcow2. Make it raw first').waitFor()
  const block = 512 * 1024
  const disk = Buffer.alloc(2 * block + 100)
  disk.write('first', 0)
  disk.write('last', 2 * block)
  const dataTransfer = await page.evaluateHandle(`(() => {
    const bytes = Uint8Array.from(atob('${disk.toString('base64')}'), (one) => one.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], 'mine.raw'))
    return transfer
  })()`)
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer })
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText(/^ami-\w+ is made$/).waitFor()
  const { Images } = await console.ec2.describeImages({ Owners: ['self'] })
  const made = Images!.find((one) => one.Name === 'mine')!
  const SnapshotId = made.BlockDeviceMappings![0]!.Ebs!.SnapshotId!
  const ebs = new EBS({ endpoint: console.url, region: 'us-east-1', credentials: console.root })
  const { Blocks } = await ebs.listSnapshotBlocks({ SnapshotId })
  expect(Blocks!.map((one) => one.BlockIndex)).toEqual([0, 2])
  const { BlockToken } = Blocks![1]!
  const last = await ebs.getSnapshotBlock({ SnapshotId, BlockIndex: 2, BlockToken })
  expect((await last.BlockData!.transformToString()).slice(0, 4)).toBe('last')
  ebs.destroy()
})

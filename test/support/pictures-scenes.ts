/** What pictures are taken of: each page, what opens upon it, the states in which there is nothing or a refusal. */
import type { Locator, Page } from 'playwright-core'
import type { Seeded } from './pictures-seed.ts'

export interface Scene {
  name: string
  path: string
  /** What somebody does there first. */
  act?(page: Page): Promise<void>
  leave?(page: Page): Promise<void>
  /** In a cloud with nothing in it. */
  isEmpty?: boolean
  /** What its console complains of is meant. */
  isRefused?: boolean
}

const nameOf = (path: string): string =>
  path
    .replace('/console/', '')
    .replace(/[a-z]+-[0-9a-f]{17}/, 'one')
    .replace(/\W+/g, '-')
    .replace(/^-|-$/g, '') || 'home'

const button =
  (name: string | RegExp) =>
  async (page: Page): Promise<void> => {
    await page.getByRole('button', { name }).first().click()
  }

/** In turn. */
const steps =
  (...all: ((page: Page) => Promise<unknown>)[]) =>
  async (page: Page): Promise<void> => {
    for (const one of all) await one(page)
  }

const row = (text: string) => async (page: Page) => {
  await page.getByRole('row').filter({ hasText: text }).first().locator('input').click()
}

const into = (page: Page): Locator => page.getByRole('dialog').last()

export const pagesOf = ({ instanceId, groupId, vpcId, balancer }: Seeded): string[] => {
  const tabs = ['details', 'status', 'security', 'networking', 'storage', 'monitoring', 'tags']
  const of = (part: string, names: readonly string[]): string[] =>
    names.map((name) => `/console/${part}${name}`)
  return [
    '/',
    ...of('', ['instances', 'launch', 'images', 'templates', 'volumes', 'snapshots', 'scaling']),
    ...of(`instances/${instanceId}/`, [...tabs, 'activity', 'console']),
    ...of(`connect/${instanceId}/`, ['ssh', 'serial', 'commands']),
    ...of('backup/', ['overview', 'plans', 'points', 'jobs', 'tests', 'vaults', 'elsewhere']),
    ...of('', [`network/${vpcId}`, 'security-groups', `security-groups/${groupId}`, 'addresses']),
    ...of('', ['balancers', `balancers/${balancer}`, 'key-pairs', 'hosts', 'alarms']),
    ...of('dashboards', ['', '/shop', '/empty']),
    ...of('iam/', ['users', 'groups', 'roles', 'policies']),
    ...of('', ['activity', 'settings', 'nowhere']),
  ]
}

const EMPTY = ['', 'instances', 'images', 'volumes', 'templates', 'scaling', 'balancers', 'alarms']
const EMPTY_MORE = ['dashboards', 'backup', 'backup/plans', 'backup/points', 'backup/elsewhere']

function opened({ instanceId, vpcId }: Seeded): Scene[] {
  const launch = '/console/launch'
  const instances = '/console/instances'
  return [
    { name: 'instances-chosen', path: instances, act: row('web-1') },
    {
      name: 'instances-state-menu',
      path: instances,
      act: steps(row('web-2'), (page) =>
        page.locator('[aria-haspopup=menu]', { hasText: 'Instance state' }).click(),
      ),
    },
    {
      name: 'instances-actions-menu',
      path: instances,
      act: steps(row('web-1'), (page) =>
        page.locator('[aria-haspopup=menu]', { hasText: 'Actions' }).first().click(),
      ),
    },
    {
      name: 'instances-filter',
      path: instances,
      act: (page) => page.getByRole('combobox').fill('Instance st'),
    },
    {
      name: 'instances-nothing-found',
      path: instances,
      act: (page) => page.getByRole('combobox').fill('zzz'),
    },
    { name: 'instances-columns', path: instances, act: button(/^Columns/) },
    {
      name: 'launch-finder',
      path: launch,
      act: async (page) => {
        await button('Find one for my workload')(page)
        await page.getByLabel('Describe your workload').fill('a small PostgreSQL, 8 GB of memory')
        await page.getByRole('button', { name: 'Recommend' }).click()
        await page.getByRole('radiogroup', { name: 'Types that suit it' }).waitFor()
        await page.getByLabel('Describe your workload').scrollIntoViewIfNeeded()
      },
    },
    { name: 'launch-key', path: launch, act: button('Create new key pair') },
    {
      name: 'launch-network',
      path: launch,
      act: async (page) => {
        await page.getByLabel('From where').first().selectOption('0.0.0.0/0')
        await page.getByText('The whole internet reaches this.').scrollIntoViewIfNeeded()
      },
    },
    {
      name: 'launch-storage',
      path: launch,
      act: (page) =>
        page.getByRole('heading', { name: 'Storage', exact: true }).scrollIntoViewIfNeeded(),
    },
    {
      name: 'launch-advanced',
      path: launch,
      act: async (page) => {
        await page.getByText('Advanced details').click()
        await page
          .getByLabel(/User data/)
          .first()
          .fill('#cloud-config\npackages: nginx')
      },
    },
    { name: 'launch-aws', path: launch, act: button('As an aws command') },
    { name: 'launch-terraform', path: launch, act: button('As Terraform') },
    { name: 'home-menu', path: '/', act: button(/^Signed in as/) },
    {
      name: 'switch-role',
      path: '/',
      act: steps(button(/^Signed in as/), (page) =>
        page.getByRole('menuitem', { name: 'Switch role' }).click(),
      ),
    },
    { name: 'backup-plan-make', path: '/console/backup/plans', act: button('Create plan') },
    { name: 'backup-test-make', path: '/console/backup/tests', act: button('Create restore test') },
    { name: 'backup-point', path: '/console/backup/points', act: button(/as of/) },
    {
      name: 'backup-restore',
      path: '/console/backup/points',
      act: steps(button(/as of/), button('Restore')),
    },
    {
      name: 'backup-files',
      path: '/console/backup/points',
      act: steps(button(/as of/), button('Look inside')),
    },
    {
      name: 'network-reach',
      path: `/console/network/${vpcId}`,
      act: async (page) => {
        await page.getByRole('button', { name: /web-1/ }).first().click()
      },
    },
    { name: 'volumes-chosen', path: '/console/volumes', act: row('in-use') },
    { name: 'volume-make', path: '/console/volumes', act: button('Create volume') },
    { name: 'balancer-make', path: '/console/balancers', act: button('Create load balancer') },
    { name: 'scaling-make', path: '/console/scaling', act: button('Create a scaling group') },
    { name: 'scaling-chosen', path: '/console/scaling', act: row('fleet') },
    { name: 'alarm-make', path: '/console/alarms', act: button('Create alarm') },
    { name: 'alarm-chosen', path: '/console/alarms', act: row('web-1 is busy') },
    { name: 'alarm-composite', path: '/console/alarms', act: row('the shop suffers') },
    { name: 'iam-user', path: '/console/iam/users', act: button('Permissions and keys') },
    { name: 'iam-role', path: '/console/iam/roles', act: button('Permissions and trust') },
    { name: 'iam-policy-make', path: '/console/iam/policies', act: button('Create policy') },
    { name: 'group-make', path: '/console/security-groups', act: button('Create security group') },
    { name: 'activity-one', path: '/console/activity', act: button('RunInstances') },
    {
      name: 'terminate',
      path: instances,
      act: async (page) => {
        await row('web-1')(page)
        await page.locator('[aria-haspopup=menu]', { hasText: 'Instance state' }).click()
        await page.getByRole('menuitem', { name: 'Terminate' }).click()
        await into(page).waitFor()
      },
    },
    { name: 'connect-screen', path: `/console/connect/${instanceId}/screen`, isRefused: true },
    { name: 'instance-unknown', path: '/console/instances/i-0123456789abcdef0', isRefused: true },
    {
      name: 'places',
      path: '/console/instances',
      act: async (page) => {
        const menu = page.locator('.menu-button')
        if (await menu.isVisible()) await menu.click()
      },
    },
  ]
}

export function scenesOf(seeded: Seeded): Scene[] {
  const empty = [...EMPTY, ...EMPTY_MORE].map((path): Scene => ({
    name: `empty-${nameOf(`/console/${path}`)}`,
    path: path === '' ? '/' : `/console/${path}`,
    isEmpty: true,
  }))
  const plain = pagesOf(seeded).map((path): Scene => ({ name: nameOf(path), path }))
  return [...plain, ...opened(seeded), ...empty]
}

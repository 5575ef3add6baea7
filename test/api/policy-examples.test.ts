/**
 * Policy examples that AWS publishes, each named by its page, mean here what the page says: put on a user, or as a
 * service control policy on an account, and tried by calls. What is in the page is said with this world's own names;
 * docs.aws.amazon.com has the pages by their titles.
 */
import { PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as elsewhere from './policy-examples/elsewhere.ts'
import * as iamLibrary from './policy-examples/iam-library.ts'
import * as iamOfIam from './policy-examples/iam-of-iam.ts'
import * as launches from './policy-examples/ec2-launch.ts'
import * as networks from './policy-examples/networks.ts'
import * as organisations from './policy-examples/organisations.ts'
import * as work from './policy-examples/ec2-work.ts'
import { document, USER, worldMake, type Example, type World } from './policy-examples/world.ts'

let world: World

beforeAll(async () => {
  world = await worldMake()
})
afterAll(() => world.cloud.close())

/** Titles and their number are known before the world is there. */
const BLANK = {} as World
interface Chapter {
  PAGE: string
  isScp?: boolean
  examples(w: World): Example[]
}

const CHAPTERS: readonly Chapter[] = [
  work,
  launches,
  networks,
  iamLibrary,
  iamOfIam,
  organisations,
  elsewhere,
]

test('there are at least eighty, each once', () => {
  const titles = CHAPTERS.flatMap(({ examples }) => examples(BLANK).map(({ title }) => title))
  expect(titles.length).toBeGreaterThanOrEqual(80)
  expect(new Set(titles).size).toBe(titles.length)
  const empty = CHAPTERS.flatMap(({ examples }) => examples(BLANK)).filter(
    ({ allowed, refused }) => allowed.length === 0 || refused.length === 0,
  )
  expect(empty).toEqual([])
})

async function userLimit(PolicyDocument: string): Promise<void> {
  const policy = { UserName: USER, PolicyName: 'example', PolicyDocument }
  await world.cloud.iamOf().send(new PutUserPolicyCommand(policy))
}

for (const { PAGE, isScp = false, examples } of CHAPTERS) {
  describe(PAGE, () => {
    for (const [index, { title }] of examples(BLANK).entries()) {
      test(title, async () => {
        const { policy, allowed, refused } = examples(world)[index]!
        const PolicyDocument = document(...policy)
        if (isScp) await world.member.limit(PolicyDocument)
        else await userLimit(PolicyDocument)
        const answers = async (asks: Example['allowed']) => {
          const list: string[] = []
          for (const ask of asks) list.push(await ask(world, PolicyDocument))
          return list
        }
        expect(await answers(allowed)).toEqual(allowed.map(() => 'allowed'))
        expect(await answers(refused)).toEqual(refused.map(() => 'refused'))
      })
    }
  })
}

/** One question on the terminal. Callers check that there is somebody to ask (`isInteractive`). */
import { createInterface } from 'node:readline/promises'

/** Yes on y, yes or just Enter when `isDefaultYes`; anything else is no. */
export async function confirm(question: string, isDefaultYes: boolean): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await reader.question(`${question} ${isDefaultYes ? '[Y/n]' : '[y/N]'} `)
    const word = answer.trim().toLowerCase()
    return word === '' ? isDefaultYes : word === 'y' || word === 'yes'
  } finally {
    reader.close()
  }
}

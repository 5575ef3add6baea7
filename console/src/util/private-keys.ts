/**
 * Private keys that were made in this tab, so that the terminal can use them without being asked: kept in the tab's own
 * storage and gone with it, or with whoever made them. Never sent anywhere but to the daemon, for one terminal each
 * time.
 */
import { sessionNow, sessionSubscribe, type Session } from '../aws/session.ts'

const PREFIX = 'brume.key.'

/** Who signed in, whatever role they are in now. */
const ownerOf = (session: Session | null): string => {
  const { account, arn } = session?.base ?? session ?? {}
  return `${account} ${arn}`
}

let owner = ownerOf(sessionNow())

// A name says nothing of whose key it is: who signs in next in this tab finds none.
sessionSubscribe(() => {
  const next = ownerOf(sessionNow())
  if (next === owner) return
  owner = next
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(PREFIX)) sessionStorage.removeItem(name)
  }
})

/** Key pairs of another account or region have names of their own. */
const nameOf = (keyName: string): string => {
  const { account, region } = sessionNow() ?? {}
  return `${PREFIX}${account} ${region} ${keyName}`
}

export function privateKeyKeep(keyName: string, pem: string): void {
  sessionStorage.setItem(nameOf(keyName), pem)
}

export function privateKeyOf(keyName: string | undefined): string | undefined {
  return keyName === undefined ? undefined : (sessionStorage.getItem(nameOf(keyName)) ?? undefined)
}

export function download(fileName: string, text: string, type = 'application/octet-stream'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/**
 * Private keys that were made in this tab, so that the terminal can use them without being asked: kept in the tab's own
 * storage and gone with it. Never sent anywhere but to the daemon, for one terminal each time.
 */
const PREFIX = 'brume.key.'

export function privateKeyKeep(keyName: string, pem: string): void {
  sessionStorage.setItem(`${PREFIX}${keyName}`, pem)
}

export function privateKeyOf(keyName: string | undefined): string | undefined {
  return keyName === undefined
    ? undefined
    : (sessionStorage.getItem(`${PREFIX}${keyName}`) ?? undefined)
}

export function download(fileName: string, text: string, type = 'application/octet-stream'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

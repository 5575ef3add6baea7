/** What is made at its first use, once; one that could not be made (a full disk, say) is tried at the next use. */
export function untilMade<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    const mine = (made ??= make())
    mine.catch(() => {
      if (made === mine) made = null
    })
    return mine
  }
}

/* A target of a load balancer's test: says who it is and what it was told; its health is what it was told to be. */
import { createServer } from 'node:http'

const [name = '', port = '80'] = process.argv.slice(2)
let health = 200
createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://target')
  if (url.pathname === '/health') return response.writeHead(health).end()
  if (url.pathname === '/become') {
    health = Number(url.searchParams.get('health'))
    return response.end('become')
  }
  const cookie = url.searchParams.get('cookie')
  if (cookie !== null) response.setHeader('set-cookie', `${cookie}=1`)
  const wait = Number(url.searchParams.get('wait') ?? 0)
  const body = JSON.stringify({ name, url: request.url, headers: request.headers })
  setTimeout(() => response.end(body), wait)
})
  .on('upgrade', (request, socket) => {
    // Of the key in RFC 6455.
    const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade']
    socket.write(`${[...head, `sec-websocket-accept: ${accept}`].join('\r\n')}\r\n\r\n`)
    socket.on('data', (bytes) => socket.write(`${name} heard ${bytes}`))
    socket.on('error', () => {})
  })
  .listen(Number(port), () => process.stdout.write('listening\n'))

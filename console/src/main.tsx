/** Starts the console: takes a one-time link from the address, another tab's session, or asks who is there. */
import './trusted.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './ui/base.css'
import './ui/parts.css'
import './ui/pages.css'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)

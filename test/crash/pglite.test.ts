import { crashAnywhere } from './anywhere.ts'

crashAnywhere('pglite')

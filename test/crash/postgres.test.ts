import { crashAnywhere } from './anywhere.ts'

crashAnywhere('postgres')

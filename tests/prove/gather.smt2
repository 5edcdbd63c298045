; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: arena_pages() of blkback/arena.h: a request's buffer.
; mutant: s/#x0000000000000fff/#x0000000000000ffe/
(define-fun gather_pages ((bytes (_ BitVec 64))) (_ BitVec 32)
  ((_ extract 31 0) (bvudiv (bvadd bytes #x0000000000000fff) #x0000000000001000)))
; property: up to 256 pages of segments, the buffer holds them all, and not a page more than needed.
(declare-const bytes (_ BitVec 64))
(define-fun room () (_ BitVec 64) (bvmul (concat #x00000000 (gather_pages bytes)) #x0000000000001000))
(assert (and (bvuge bytes #x0000000000000200) (bvule bytes #x0000000000100000)))
(assert (not (and (bvuge room bytes) (bvult (bvsub room bytes) #x0000000000001000)
                  (bvule (gather_pages bytes) #x00000100))))
(check-sat)

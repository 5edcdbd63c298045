; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: the range of mapping_set() of netback/hash.c (XSA-270). Count and offset are the guest's.
; mutant: s/(bvugt offset (bvsub size count))/(bvugt (bvadd offset count) size)/
(define-fun mapping_refuses ((count (_ BitVec 32)) (offset (_ BitVec 32)) (size (_ BitVec 32))) Bool
  (or (bvugt count #x00000080) (bvugt count size) (bvugt offset (bvsub size count))))
; property: computed in 64 bits, what is taken ends inside of the table; and nothing else is refused.
(declare-const count (_ BitVec 32))
(declare-const offset (_ BitVec 32))
(declare-const size (_ BitVec 32))
(define-fun wide ((x (_ BitVec 32))) (_ BitVec 64) (concat #x00000000 x))
(assert (bvule size #x00000080))
(assert (not (= (not (mapping_refuses count offset size))
                (bvule (bvadd (wide offset) (wide count)) (wide size)))))
(check-sat)

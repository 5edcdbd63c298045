; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: range_check() of blkback/blkif.c, without its alignment. 64 bits, whatever the guest says.
; mutant: s/(bvudiv disk SECTOR)/disk/
; mutant: s/(bvugt bytes (bvsub disk (bvmul sector SECTOR)))/(bvugt (bvadd bytes (bvmul sector SECTOR)) disk)/
(define-fun SECTOR () (_ BitVec 64) #x0000000000000200)
(define-fun range_refuses ((sector (_ BitVec 64)) (bytes (_ BitVec 64)) (disk (_ BitVec 64))) Bool
  (or (bvugt sector (bvudiv disk SECTOR))
      (bvugt bytes (bvsub disk (bvmul sector SECTOR)))))
; property: computed without any overflow, in 128 bits, the request ends on the disk; and every one
; that does, and begins on it, is taken.
(declare-const sector (_ BitVec 64))
(declare-const bytes (_ BitVec 64))
(declare-const disk (_ BitVec 64))
(define-fun wide ((x (_ BitVec 64))) (_ BitVec 128) (concat #x0000000000000000 x))
(define-fun begin () (_ BitVec 128) (bvmul (wide sector) (wide SECTOR)))
(assert (not (= (not (range_refuses sector bytes disk))
                (bvule (bvadd begin (wide bytes)) (wide disk)))))
(check-sat)

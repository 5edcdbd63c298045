; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: the two tests of indices in journal_recover() of ring/journal.c.
; mutant: s/(before req_prod cons)/false/
; mutant: s/(before cons rsp_prod)/false/
; mutant: s/(bvugt (bvsub rsp_prod rsp_done) slots)/false/
; mutant: s/(bvugt (bvsub req_prod rsp_prod) slots)/false/
(define-fun before ((a (_ BitVec 32)) (b (_ BitVec 32))) Bool (bvslt (bvsub a b) #x00000000))
(define-fun indices_lie ((cons (_ BitVec 32)) (rsp_done (_ BitVec 32)) (req_prod (_ BitVec 32)) (rsp_prod (_ BitVec 32)) (slots (_ BitVec 32))) Bool
  (or (bvugt (bvsub rsp_prod rsp_done) slots) (before cons rsp_prod)
      (bvugt (bvsub req_prod rsp_prod) slots) (before req_prod cons)))
; property: no more answers than a ring has were shown without a note of it; and where a successor goes on, what
; is in flight and what it is going to take fit the ring.
(declare-const cons (_ BitVec 32))
(declare-const rsp_done (_ BitVec 32))
(declare-const req_prod (_ BitVec 32))
(declare-const rsp_prod (_ BitVec 32))
(declare-const slots (_ BitVec 32))
(assert (and (bvuge slots #x00000001) (bvule slots #x00000200)))
(assert (not (indices_lie cons rsp_done req_prod rsp_prod slots)))
(assert (not (and (bvule (bvsub rsp_prod rsp_done) slots)
                  (bvule (bvsub cons rsp_prod) slots)
                  (bvule (bvsub req_prod cons) (bvsub slots (bvsub cons rsp_prod))))))
(check-sat)

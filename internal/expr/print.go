package expr

// strict says whether an operation is null, or fails, whenever one of its
// arguments is null.
func strict(op Op) bool {
	switch op {
	case OpAnd, OpOr, OpIn, OpIsNull, OpCase, OpCoalesce, OpConcatWS, OpGreatest, OpLeast, OpNullIf, OpTryCast:
		return false
	default:
		return true
	}
}

// repeats is how often a printer may write an argument of an operation.
func repeats(op Op) int { return 1 }

// fallible says whether an operation, or an argument of it, can be a row error.
func fallible(n *Node) bool { return true }

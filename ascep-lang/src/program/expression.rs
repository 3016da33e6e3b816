//! A node as an expression on one line, for reports about operators: `count(trade("BTC/USDT"), 10s)`.

use super::{NodeId, Op, Program};

/// Deeper parts are written as `..`.
const MAX_DEPTH: usize = 6;
/// Longer texts are cut.
const MAX_LENGTH: usize = 200;

impl Program {
    /// A node with what it reads, close to how a rule says it. Deep parts are left out and a long text is cut: this is for people.
    #[must_use]
    pub fn expression(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_expression(&mut out, id, MAX_DEPTH);
        if let Some((end, _)) = out.char_indices().nth(MAX_LENGTH) {
            out.truncate(end);
            out.push_str("..");
        }
        out
    }

    fn write_expression(&self, out: &mut String, id: NodeId, depth: usize) {
        let Some(node) = self.nodes.get(id.0 as usize) else { return out.push('?') };
        if depth == 0 || out.len() > MAX_LENGTH {
            return out.push_str("..");
        }
        let write = |out: &mut String, arg: NodeId| self.write_expression(out, arg, depth - 1);
        let word = self.tables.label(node.op);
        match (node.op, node.args.as_slice()) {
            (Op::Const(_), _) => out.push_str(&word),
            (Op::Param(id), _) => out.push_str(self.tables.param(id)),
            (Op::Input(id), _) => out.push_str(self.tables.input(id)),
            (Op::Not, [x]) => {
                out.push_str("NOT ");
                write(out, *x);
            }
            (Op::For(_), [x]) => {
                write(out, *x);
                out.push(' ');
                out.push_str(&word);
            }
            (Op::NoFor(d), [x]) => {
                out.push_str("NO ");
                write(out, *x);
                out.push_str(" FOR ");
                out.push_str(&self.tables.period(d));
            }
            // What only rises is written as what it is.
            (Op::Edge, [x]) => write(out, *x),
            (Op::Index(_), [x]) => {
                write(out, *x);
                out.push_str(&word);
            }
            (Op::BarField(_), [x]) => {
                write(out, *x);
                out.push_str(node.op.name());
            }
            (op, args) if args.len() > 1 && is_infix(op) => {
                out.push('(');
                for (i, arg) in args.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                        out.push_str(&word);
                        out.push(' ');
                    }
                    write(out, *arg);
                }
                out.push(')');
            }
            (op, args) => {
                out.push_str(op.name());
                out.push('(');
                let mut first = true;
                for arg in args {
                    if !std::mem::take(&mut first) {
                        out.push_str(", ");
                    }
                    write(out, *arg);
                }
                for operand in self.tables.operands(op) {
                    if !std::mem::take(&mut first) {
                        out.push_str(", ");
                    }
                    out.push_str(&operand);
                }
                out.push(')');
            }
        }
    }
}

/// Whether the language writes it between its arguments.
fn is_infix(op: Op) -> bool {
    use super::NumFn::{Add, Div, Mul, Sub};
    matches!(
        op,
        Op::Num(Add | Sub | Mul | Div)
            | Op::Compare(_)
            | Op::And
            | Op::Or
            | Op::Coalesce
            | Op::Where
            | Op::EventAnd
            | Op::EventOr
            | Op::Crosses(_)
    )
}

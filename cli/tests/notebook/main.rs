//! Notebooks run and checked by the `carnet` program itself, through the Carnet kernel that lies beside it.

mod checking;
mod failing;
mod kernels;
mod parameters;
mod running;
mod saving;
mod world;

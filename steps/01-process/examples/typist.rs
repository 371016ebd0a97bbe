//! Types into the terminal that it inherited as standard error: what a hostile program does to leave its container
//! with the next line that its caller's shell reads (CVE-2017-5226).
#![expect(unsafe_code, reason = "TIOCSTI has no wrapper")]

nix::ioctl_write_ptr_bad!(tiocsti, libc::TIOCSTI, u8);

fn main() {
    for key in b"echo typed by the program\n" {
        // SAFETY: the kernel reads one byte that lives here.
        if let Err(errno) = unsafe { tiocsti(libc::STDERR_FILENO, key) } {
            return println!("cannot type: {}", errno.desc());
        }
    }
    println!("has typed");
}

//! Types into the terminal that it inherited as standard error: what a hostile program does to leave its container
//! with the next line that its caller's shell reads (CVE-2017-5226).
#![expect(unsafe_code, reason = "TIOCSTI has no wrapper")]

use nix::errno::Errno;

fn main() {
    for key in b"echo typed by the program\n" {
        // SAFETY: the kernel reads one byte that lives here.
        let result = unsafe { libc::ioctl(libc::STDERR_FILENO, libc::TIOCSTI, &raw const *key) };
        if let Err(errno) = Errno::result(result) {
            return println!("cannot type: {}", errno.desc());
        }
    }
    println!("has typed");
}

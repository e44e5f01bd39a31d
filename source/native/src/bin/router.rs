fn main() {
    println!("{}", zenoh::GIT_VERSION);
}

fn main() {
    let rules = cdc_doctor::builtin::rules().unwrap();
    let e = cdc_doctor::engine::Engine::new(rules.clone(), true).unwrap();
    println!("{:?}", e.literal_counts());
    for l in e.healthy_literals() { println!("{l}"); }
    for r in rules.rules() { for a in &r.alternatives_of_match {
        let mut es: Vec<_> = a.entry.iter().collect();
        if let Some(s) = &a.sequence { es.extend(&s.steps); es.extend(&s.without); }
        for e in es { if e.scope == cdc_doctor::rule::Scope::Any && cdc_doctor::rule::pattern::rarity(&e.literals) < 8 { eprintln!("{} {:?} {:?} from {:?}", r.id, e.literals, e.log.as_ref().map(|l| &l.text), e.from); } }
    } }
    for e in rules.context.iter().chain(&rules.health) { if cdc_doctor::rule::pattern::rarity(&e.literals) < 8 { eprintln!("ctx {:?} {:?}", e.literals, e.log.as_ref().map(|l| &l.text)); } }
}
